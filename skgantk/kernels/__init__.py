"""Neural tangent kernels and their like, as scikit-learn kernels."""

from skgantk.kernels._base import CoreKernel
from skgantk.kernels._conv import ConvNTK
from skgantk.kernels._convert import as_core
from skgantk.kernels._core import Core
from skgantk.kernels._mlp import NNGP, NTK
from skgantk.kernels._neural_tangents import NeuralTangentsKernel
from skgantk.kernels._neural_tangents_compat import import_neural_tangents
from skgantk.kernels._nystroem import NystroemKernel
from skgantk.kernels._riesz import Riesz
from skgantk.kernels._stationary import RBF
from skgantk.kernels._sums import kernel_gradient, kernel_sum

__all__ = [
    "NNGP",
    "NTK",
    "RBF",
    "ConvNTK",
    "Core",
    "CoreKernel",
    "NeuralTangentsKernel",
    "NystroemKernel",
    "Riesz",
    "as_core",
    "import_neural_tangents",
    "kernel_gradient",
    "kernel_sum",
]
