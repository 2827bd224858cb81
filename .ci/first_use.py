"""Use the installed package as a newcomer does, without any extra."""

import importlib.util
from importlib.resources import files

import numpy as np

import skgantk
from skgantk.discriminators import NTKGANDiscriminator, stack_samples
from skgantk.generators import GANTKSynthesizer, NeuralGenerator, ParticleFlowGenerator
from skgantk.inspection import LossCurveDisplay

assert "site-packages" in skgantk.__file__, skgantk.__file__
assert files("skgantk").joinpath("py.typed").is_file()
for extra in ("matplotlib", "pandas", "neural_tangents", "pytest"):
    assert importlib.util.find_spec(extra) is None, f"{extra} is no requirement"

X = np.random.default_rng(0).normal(size=(40, 2))
for generator in (
    GANTKSynthesizer(random_state=0),
    ParticleFlowGenerator(max_iter=20, random_state=0),
    NeuralGenerator(max_iter=20, random_state=0),
):
    samples = generator.fit(X).sample(5, random_state=0)
    assert samples.shape == (5, 2)
    assert np.all(np.isfinite(samples))
points, labels = stack_samples(real=X, fake=X + 3)
assert NTKGANDiscriminator().fit(points, labels).score(points, labels) > 0.9
try:
    LossCurveDisplay.from_estimator(generator)
    message = "it was drawn without matplotlib"
except ImportError as error:
    message = str(error)
assert "skgantk[plot]" in message, message
print("The wheel works on its own.")
