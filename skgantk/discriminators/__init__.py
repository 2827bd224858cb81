"""Discriminators of infinite width, trained exactly, and of finite width."""

from skgantk.discriminators._drifting import DriftingDiscriminator
from skgantk.discriminators._drmmd import DrMMDDiscriminator
from skgantk.discriminators._finite_width import FiniteWidthDiscriminator
from skgantk.discriminators._gan import NTKGANDiscriminator
from skgantk.discriminators._ipm import NTKIPMDiscriminator
from skgantk.discriminators._kale import KALEDiscriminator
from skgantk.discriminators._lsgan import NTKLSGANDiscriminator
from skgantk.discriminators._stack import stack_samples

__all__ = [
    "DrMMDDiscriminator",
    "DriftingDiscriminator",
    "FiniteWidthDiscriminator",
    "KALEDiscriminator",
    "NTKGANDiscriminator",
    "NTKIPMDiscriminator",
    "NTKLSGANDiscriminator",
    "stack_samples",
]
