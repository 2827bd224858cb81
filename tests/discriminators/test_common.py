"""scikit-learn's checks, on every discriminator."""

import pytest
from _cases import scikit_learn_checks

from skgantk.discriminators import (
    DriftingDiscriminator,
    DrMMDDiscriminator,
    FiniteWidthDiscriminator,
    KALEDiscriminator,
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.kernels import RBF

pytestmark = pytest.mark.usefixtures("hasty_compilation")


@scikit_learn_checks(
    NTKIPMDiscriminator(RBF()),
    NTKLSGANDiscriminator(RBF()),
    NTKGANDiscriminator(RBF(), loss="hinge"),
    DrMMDDiscriminator(RBF()),
    KALEDiscriminator(RBF()),
    DriftingDiscriminator(RBF()),
    FiniteWidthDiscriminator((16,), learning_rate=0.05, random_state=0),
)
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.slow
@scikit_learn_checks(
    NTKIPMDiscriminator(), NTKGANDiscriminator(RBF()), DriftingDiscriminator()
)
def test_scikit_learn_with_the_usual_kernel_and_loss(estimator, check):
    check(estimator)
