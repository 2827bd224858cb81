import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KernelDensity
from sklearn.neural_network import MLPRegressor

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import GANTKSynthesizer, ParticleFlowGenerator
from skgantk.inspection import LossCurveDisplay
from skgantk.kernels import RBF

X = np.random.default_rng(0).normal(size=(12, 2)) + [3.0, 0.0]
FLOW = ParticleFlowGenerator(
    NTKIPMDiscriminator(RBF()), max_iter=5, check_every=2, random_state=0
)
GANTK = GANTKSynthesizer(max_iter=5, check_every=2, random_state=0)


@pytest.mark.parametrize("generator", [FLOW, GANTK], ids=["flow", "gantk"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_curves_are_those_of_the_generator(generator, early_stopping):
    generator.set_params(early_stopping=early_stopping).fit(X)
    display = LossCurveDisplay.from_estimator(generator)
    assert_array_equal(display.steps, [0, 2, 4, 5])
    assert_array_equal(display.loss_curve, generator.loss_curve_)
    assert_array_equal(display.line_.get_xdata(), display.steps)
    assert_array_equal(display.line_.get_ydata(), generator.loss_curve_)
    assert display.ax_.get_yscale() == "log"
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("step", "loss")
    if early_stopping:
        assert_array_equal(display.validation_curve, generator.validation_curve_)
        assert_array_equal(display.validation_line_.get_xdata(), display.steps)
        assert_array_equal(
            display.validation_line_.get_ydata(), generator.validation_curve_
        )
        assert len(display.ax_.get_legend().get_texts()) == 2
    else:
        assert display.validation_curve is display.validation_line_ is None


def test_a_loss_at_every_step():
    network = MLPRegressor(hidden_layer_sizes=8, solver="sgd", max_iter=3, tol=0)
    with pytest.warns(UserWarning, match="converge"):
        network.fit(X, X[:, 0])
    display = LossCurveDisplay.from_estimator(network)
    assert_array_equal(display.steps, [0, 1, 2])


@pytest.mark.parametrize(
    ("curve", "scale"),
    [
        ([1.0, 0.1, 1e-9, -1e-10, 0.0], "log"),  # rounding at the end
        ([1.0, -0.5, 0.2, 0.1, 0.3], "linear"),
        ([-1.0, -2.0, -3.0, -4.0, -5.0], "linear"),
        ([0.0, 0.0, 0.0, 0.0, 0.0], "linear"),
    ],
)
def test_the_scale_is_logarithmic_where_values_are_positive(curve, scale):
    display = LossCurveDisplay(steps=np.arange(5), loss_curve=np.array(curve)).plot()
    assert display.ax_.get_yscale() == scale
    display.figure_.draw_without_rendering()


def test_keyword_arguments():
    first = LossCurveDisplay.from_estimator(GANTK.set_params(early_stopping=True).fit(X))
    display = LossCurveDisplay.from_estimator(
        GANTK, ax=first.ax_, line_kw={"c": "k"}, validation_kw={"linestyle": ":"}
    )
    assert display.ax_ is first.ax_
    assert display.line_.get_color() == "k"
    assert display.validation_line_.get_linestyle() == ":"


def test_bad_input():
    with pytest.raises(NotFittedError, match="not fitted"):
        LossCurveDisplay.from_estimator(ParticleFlowGenerator())
    with pytest.raises(ValueError, match="KernelDensity records no loss_curve_"):
        LossCurveDisplay.from_estimator(KernelDensity().fit(X))
