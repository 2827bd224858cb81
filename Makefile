# Everything on a fresh machine with Python >= 3.11 and make: no step by hand.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: test slow minimal dist demo bench tables figures doc lint clean

# What CI runs. neural-tangents is an oracle; without its requirements no TensorFlow is
# downloaded.
test: $(VENV)/.test lint
	$(BIN)/python -m pytest -q -m "not slow" -n auto --dist loadfile
	$(PROCESSOR) $(BIN)/python -m pytest -q -m "rounding and not slow" $(NUMERICAL)

# As on a processor without AVX, where other routines of OpenBLAS and XLA round differently.
PROCESSOR = OPENBLAS_CORETYPE=Prescott XLA_FLAGS=--xla_cpu_max_isa=SSE4_2
NUMERICAL = tests/_numerics tests/kernels tests/discriminators tests/model_selection

slow: $(VENV)/.test
	$(BIN)/python -m pytest -q -m slow
	SKGANTK_CASES=2000 $(BIN)/python -m pytest -q tests/test_properties.py \
		tests/metrics/test_properties.py
	SKGANTK_CASES=500 $(BIN)/python -m pytest -q tests/preprocessing/test_properties.py \
		tests/generators/test_table_properties.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# With the oldest versions that pyproject.toml allows. They warn of what they deprecate, and
# one check of scikit-learn 1.6 makes two classes of three differently in two fits.
minimal:
	$(PYTHON) -m venv --clear $(VENV)-minimal
	$(PYTHON) .ci/lower_bounds.py > $(VENV)-minimal/constraints.txt
	$(VENV)-minimal/bin/python -m pip install -q -c $(VENV)-minimal/constraints.txt -e ".[test]"
	$(VENV)-minimal/bin/python -m pytest -q -n auto --dist loadfile -m "not slow" \
		-W ignore::DeprecationWarning -k "not check_sample_weight_equivalence" \
		tests/discriminators tests/generators tests/metrics tests/model_selection \
		tests/kernels/test_convert.py tests/test_pipeline.py

# Wheel and sdist in dist/, and a first use of the wheel where only what it asks for is
# installed.
dist:
	rm -rf dist build
	$(PYTHON) -m venv --clear $(VENV)-dist
	$(VENV)-dist/bin/python -m pip install -q build twine
	$(VENV)-dist/bin/python -m build
	$(VENV)-dist/bin/twine check --strict dist/*
	$(PYTHON) -m venv --clear $(VENV)-dist
	$(VENV)-dist/bin/python -m pip install -q dist/*.whl
	$(VENV)-dist/bin/python -I .ci/first_use.py

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

# Every cell of Tables 1-3: hours. `make tables QUICK=1`: a twentieth of the steps, one run.
tables: $(VENV)/.test
	$(BIN)/python benchmarks/tables.py $(if $(QUICK),--divide 20 --seeds 0 --out out/tables)

# Into doc/figures: two to three hours on a CPU.
figures: $(VENV)/.test
	$(BIN)/python benchmarks/figures.py
	$(BIN)/python benchmarks/figures_z21.py

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q -e ".[plot]"
	touch $@

$(VENV)/.doc: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q -e ".[doc]"
	touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q -e ".[test]"
	$(BIN)/python -m pip install -q --no-deps "neural-tangents>=0.6.5"
	touch $@

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q -e ".[bench]"
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) $(VENV)-minimal $(VENV)-dist build dist *.egg-info out doc/_build doc/api doc/auto_examples
