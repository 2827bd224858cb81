# Everything on a fresh machine with Python >= 3.11 and make: no step by hand. On Windows
# make needs the shell and the tools of Git for Windows on the path.

WINDOWS = $(filter Windows_NT,$(OS))
PYTHON ?= $(if $(WINDOWS),python,python3)
VENV ?= .venv
SCRIPTS = $(if $(WINDOWS),Scripts,bin)
BIN = $(VENV)/$(SCRIPTS)
# Sources are in UTF-8, which is not what Python expects on Windows.
export PYTHONUTF8 = 1

.PHONY: test suite rounding contracts slow minimal nightly dist demo bench tables figures \
	doc changes lint clean

test: lint suite $(if $(filter x86_64,$(shell uname -m)),rounding)

PYTEST = -m pytest -q -m "not slow" -n auto --dist loadfile

suite: $(VENV)/.test
	$(BIN)/python $(PYTEST)

# As on a processor without AVX, where other routines of OpenBLAS and XLA round differently.
rounding: $(VENV)/.test
	$(PROCESSOR) $(BIN)/python -m pytest -q -m "rounding and not slow" $(NUMERICAL)

PROCESSOR = OPENBLAS_CORETYPE=Prescott XLA_FLAGS=--xla_cpu_max_isa=SSE4_2
NUMERICAL = tests/_numerics tests/kernels tests/discriminators tests/model_selection

# What must hold with any Python and JAX: API, state, estimators, kernels, tables.
contracts: $(VENV)/.test
	$(BIN)/python $(PYTEST) $(CONTRACTS)

CONTRACTS = tests/test_package.py tests/test_state.py tests/test_pipeline.py \
	tests/kernels/test_sklearn_contract.py tests/kernels/test_convert.py \
	tests/discriminators/test_common.py tests/generators/test_common.py \
	tests/generators/test_table.py tests/preprocessing/test_table_encoder.py \
	tests/metrics/test_table_figures.py tests/metrics/test_table_report.py

slow: $(VENV)/.test
	$(BIN)/python -m pytest -q -m slow
	SKGANTK_CASES=2000 $(BIN)/python -m pytest -q tests/test_properties.py \
		tests/metrics/test_properties.py
	SKGANTK_CASES=500 $(BIN)/python -m pytest -q tests/preprocessing/test_properties.py \
		tests/generators/test_table_properties.py tests/generators/test_constraints.py \
		tests/generators/test_given_rows.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# With the oldest versions that pyproject.toml allows. They warn of what they deprecate, and
# one check of scikit-learn 1.6 makes two classes of three differently in two fits.
minimal:
	$(PYTHON) -m venv --clear $(VENV)-minimal
	$(PYTHON) .ci/lower_bounds.py > $(VENV)-minimal/constraints.txt
	$(VENV)-minimal/$(SCRIPTS)/python -m pip install -q -e ".[test]" \
		-c $(VENV)-minimal/constraints.txt
	$(VENV)-minimal/$(SCRIPTS)/python $(PYTEST) \
		-W ignore::DeprecationWarning -k "not check_sample_weight_equivalence" \
		tests/discriminators tests/generators tests/metrics tests/model_selection \
		tests/kernels/test_convert.py tests/test_pipeline.py

# With JAX as it is developed, on the compiler of its last release, in an environment of
# its own.
nightly:
	$(MAKE) VENV=$(VENV)-nightly $(VENV)-nightly/.test
	$(VENV)-nightly/$(SCRIPTS)/python -m pip install -q --upgrade jaxlib \
		"jax @ git+https://github.com/jax-ml/jax.git"
	$(MAKE) VENV=$(VENV)-nightly suite

# Wheel and sdist in dist/, and a first use of the wheel where only what it asks for is
# installed.
dist:
	rm -rf dist build
	$(PYTHON) -m venv --clear $(VENV)-dist
	$(VENV)-dist/$(SCRIPTS)/python -m pip install -q build twine
	$(VENV)-dist/$(SCRIPTS)/python -m build
	$(VENV)-dist/$(SCRIPTS)/twine check --strict dist/*
	$(PYTHON) -m venv --clear $(VENV)-dist
	$(VENV)-dist/$(SCRIPTS)/python -m pip install -q dist/*.whl
	$(VENV)-dist/$(SCRIPTS)/python -I .ci/first_use.py

demo: $(VENV)/.demo
	$(BIN)/python examples/plot_particle_flow.py

# One after the other: timed things must not run side by side.
bench: $(VENV)/.test $(VENV)/.bench
	$(BIN)/python benchmarks/first_call.py
	$(BIN)/python benchmarks/kernel_accuracy.py
	$(BIN)/python benchmarks/kernel_speed.py
	$(BIN)/python benchmarks/kernel_memory.py
	$(BIN)/python benchmarks/conv_speed.py
	$(BIN)/python benchmarks/discriminator_speed.py
	$(BIN)/python benchmarks/gantk_grid.py
	$(BIN)/python benchmarks/gantk_lambda.py
	$(BIN)/python benchmarks/gantk_tables.py
	$(BIN)/python benchmarks/gantk_columns.py
	$(BIN)/python benchmarks/table_quality.py
	$(BIN)/python benchmarks/given_rows.py
	$(BIN)/python benchmarks/imputation.py
	$(BIN)/python benchmarks/tables_27.py
	$(BIN)/python benchmarks/gantk_mnist.py
	$(BIN)/python benchmarks/image_gans.py
	$(BIN)/python benchmarks/image_synthesizer.py
	$(BIN)/python benchmarks/gantk_batches.py
	$(BIN)/python benchmarks/gantk_largest.py
	$(BIN)/python benchmarks/neural_generator.py
	$(BIN)/python benchmarks/flow_mnist.py
	$(BIN)/python benchmarks/flow_transform.py
	$(BIN)/python benchmarks/flow_held_out.py
	$(BIN)/python benchmarks/flow_stopping.py
	$(BIN)/python benchmarks/flow_convergence.py
	$(BIN)/python benchmarks/flow_critics.py
	$(BIN)/python benchmarks/flow_width.py
	$(BIN)/python benchmarks/flow_carry_over.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/sliced_energy.py

# HTML in doc/_build/html. The gallery runs; warnings are errors. API pages are written anew,
# because autosummary does not look for new names in modules whose pages it finds.
doc: $(VENV)/.doc
	rm -rf doc/api
	$(BIN)/python -m sphinx -M html doc doc/_build -W --keep-going

# What the next version changes, of the notes in changes/.
changes: $(VENV)/.doc
	$(BIN)/towncrier build --draft

# Every cell of Tables 1-3, three runs of each: 5.5 hours on two cores by
# doc/tables/cells.csv. `make tables QUICK=1`: a twentieth of the steps, one run.
tables: $(VENV)/.test
	$(BIN)/python benchmarks/tables.py $(if $(QUICK),--divide 20 --seeds 0 --out out/tables)

# Into doc/figures.
figures: $(VENV)/.test
	$(BIN)/python benchmarks/figures.py
	$(BIN)/python benchmarks/figures_z21.py

$(VENV)/.demo: pyproject.toml | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install -q -e ".[plot]"
	touch $@

$(VENV)/.doc: pyproject.toml | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install -q -e ".[doc]"
	touch $@

# neural-tangents is an oracle; without its requirements no TensorFlow is downloaded.
$(VENV)/.test: pyproject.toml | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install -q -e ".[test]"
	$(BIN)/python -m pip install -q --no-deps "neural-tangents>=0.6.5"
	touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install -q -e ".[bench]"
	touch $@

$(VENV)/pyvenv.cfg:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) $(VENV)-* build dist *.egg-info out doc/_build doc/api doc/auto_examples
