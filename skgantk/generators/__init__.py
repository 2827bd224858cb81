"""Generators: estimators with ``fit`` and ``sample``."""

from skgantk.generators._conditional import ConditionalSampler
from skgantk.generators._gantk import GANTKSynthesizer
from skgantk.generators._images import ImageSynthesizer
from skgantk.generators._neural import NeuralGenerator
from skgantk.generators._particle_flow import ParticleFlowGenerator
from skgantk.generators._table import TableSynthesizer

__all__ = [
    "ConditionalSampler",
    "GANTKSynthesizer",
    "ImageSynthesizer",
    "NeuralGenerator",
    "ParticleFlowGenerator",
    "TableSynthesizer",
]
