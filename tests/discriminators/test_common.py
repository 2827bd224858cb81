"""scikit-learn's checks, on every discriminator."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skgantk.discriminators import (
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.kernels import RBF


@parametrize_with_checks(
    [
        NTKIPMDiscriminator(),
        NTKLSGANDiscriminator(RBF()),
        NTKGANDiscriminator(RBF()),
        NTKGANDiscriminator(RBF(), loss="hinge"),
    ]
)
def test_scikit_learn(estimator, check):
    check(estimator)
