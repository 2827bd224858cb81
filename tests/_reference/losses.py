"""Losses that no package should have."""

from skgantk.losses import Loss


class Explosive(Loss):
    """Its objective is not bounded: training reaches infinity in finite time."""

    def a(self, f):
        return f**4

    def b(self, f):
        return -(f**4) - f

    def c(self, f):
        return -f
