"""Numerics below the kernels: dual activations, geometry of pairs, blocks, precision."""
