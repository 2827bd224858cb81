"""scikit-learn's checks, on every generator."""

from _cases import scikit_learn_checks

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import (
    GANTKSynthesizer,
    ImageSynthesizer,
    NeuralGenerator,
    ParticleFlowGenerator,
)
from skgantk.kernels import RBF


@scikit_learn_checks(
    ParticleFlowGenerator(
        NTKIPMDiscriminator(RBF()), learning_rate=0.1, max_iter=3, check_every=2
    ),
    # The groups are so small that each compiles quickly.
    GANTKSynthesizer(
        RBF(),
        lam=1.0,
        optimizer="gradient",
        learning_rate=0.1,
        max_iter=2,
        batch_size=8,
    ),
    NeuralGenerator(
        NTKIPMDiscriminator(RBF()), hidden_layer_sizes=(4,), max_iter=2, batch_size=8
    ),
)
def test_scikit_learn(estimator, check):
    check(estimator)


@scikit_learn_checks(ImageSynthesizer(RBF(), max_iter=2, batch_size=8))
def test_scikit_learn_on_images(estimator, check):
    """Which validates its own input."""
    check(estimator)
