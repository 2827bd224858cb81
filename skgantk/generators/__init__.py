"""Generators: estimators with ``fit`` and ``sample``."""

from skgantk.generators._particle_flow import ParticleFlowGenerator

__all__ = ["ParticleFlowGenerator"]
