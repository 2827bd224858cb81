"""Discriminators of infinite width, trained exactly, and of finite width."""

from skgantk.discriminators._finite_width import FiniteWidthDiscriminator
from skgantk.discriminators._gan import NTKGANDiscriminator
from skgantk.discriminators._ipm import NTKIPMDiscriminator
from skgantk.discriminators._lsgan import NTKLSGANDiscriminator
from skgantk.discriminators._stack import stack_samples

__all__ = [
    "FiniteWidthDiscriminator",
    "NTKGANDiscriminator",
    "NTKIPMDiscriminator",
    "NTKLSGANDiscriminator",
    "stack_samples",
]
