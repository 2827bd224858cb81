"""Discriminators of infinite width, trained exactly."""

from skgantk.discriminators._gan import NTKGANDiscriminator
from skgantk.discriminators._ipm import NTKIPMDiscriminator
from skgantk.discriminators._lsgan import NTKLSGANDiscriminator
from skgantk.discriminators._stack import stack_samples

__all__ = [
    "NTKGANDiscriminator",
    "NTKIPMDiscriminator",
    "NTKLSGANDiscriminator",
    "stack_samples",
]
