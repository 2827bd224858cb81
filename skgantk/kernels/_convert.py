"""Conversion of scikit-learn's kernels to cores."""

import numpy as np
from sklearn.gaussian_process import kernels as sk

from skgantk.kernels import _compositions, _stationary
from skgantk.kernels._base import CoreKernel


def as_core(kernel):
    """Return the core of a kernel of this package or of scikit-learn.

    Parameters
    ----------
    kernel : Kernel
        NTK, NNGP, ConvNTK, RBF, Riesz, NeuralTangentsKernel, NystroemKernel, or
        scikit-learn's RBF, Matern (ν = 0.5, 1.5, 2.5 or inf), RationalQuadratic,
        DotProduct, ExpSineSquared, ConstantKernel, WhiteKernel, or any sum, product or
        power of these.

    Returns
    -------
    core : Core

    Raises
    ------
    TypeError
        If the kernel is none of these.
    ValueError
        If it is a Matern kernel of another ν, or a power of a kernel that is only
        conditionally positive definite, or a product with one, other than by a constant.

    Examples
    --------
    >>> from sklearn.gaussian_process.kernels import Matern
    >>> from skgantk.kernels import NTK, as_core
    >>> as_core(NTK(depth=1) + 2.0 * Matern()).k2.k1
    Constant(value=2.0)
    """
    if isinstance(kernel, CoreKernel):
        return kernel._validated_core()
    # By exact type: a subclass may mean another formula, as Matern itself does of RBF.
    convert = _CONVERSIONS.get(type(kernel))
    if convert is None:
        ours = (
            "NTK",
            "NNGP",
            "ConvNTK",
            "RBF",
            "Riesz",
            "NeuralTangentsKernel",
            "NystroemKernel",
        )
        names = ", ".join([*ours, *(f"sklearn {cls.__name__}" for cls in _CONVERSIONS)])
        raise TypeError(
            f"A kernel of type {type(kernel).__name__} has no formula here. Supported "
            f"are {names}. To use another, subclass skgantk.kernels.CoreKernel."
        )
    return convert(kernel)


def as_definite_core(kernel, user):
    """Return `as_core`, for a ``user``, by its name, that takes Gram matrices apart.

    Raises ValueError where the kernel is only conditionally positive definite.
    """
    core = as_core(kernel)
    if not core.definite:
        raise ValueError(
            f"{user} needs a positive definite kernel, and {kernel} is only conditionally "
            "so: it has a meaning where coefficients sum to 0. Use it in "
            "NTKIPMDiscriminator, or take a definite kernel such as NTK()."
        )
    return core


def _scaled(make, length_scale):
    """The core of one length scale, or that of 1 on scaled features."""
    length_scale = np.squeeze(length_scale).astype(float)
    if length_scale.ndim == 0:
        return make(float(length_scale))
    return _compositions.Scaled(make(1.0), length_scale)


def _squared_exponential(length_scale):
    return _stationary.SquaredExponential(length_scale, per_feature=False)


def _matern(kernel):
    if kernel.nu == np.inf:
        return _scaled(_squared_exponential, kernel.length_scale)
    if kernel.nu not in (0.5, 1.5, 2.5):
        raise ValueError(
            f"Matern(nu={kernel.nu}) has no elementary formula; use nu=0.5, 1.5, 2.5 or "
            "inf."
        )
    nu = float(kernel.nu)
    return _scaled(
        lambda scale: _stationary.HalfIntegerMatern(scale, nu), kernel.length_scale
    )


def _rational_quadratic(kernel):
    if np.ndim(kernel.length_scale):
        raise ValueError(
            "RationalQuadratic is isotropic: its length_scale must be one number, got "
            f"{kernel.length_scale}."
        )
    return _stationary.RationalQuadratic(float(kernel.alpha), float(kernel.length_scale))


def _product(kernel):
    core = _compositions.Product(as_core(kernel.k1), as_core(kernel.k2))
    if not core.definite and not any(map(_positive_constant, (core.k1, core.k2))):
        raise _no_kernel("product with", kernel.k2 if core.k1.definite else kernel.k1)
    return core


def _positive_constant(core):
    return isinstance(core, _compositions.Constant) and core.value > 0


def _no_kernel(what, kernel):
    return ValueError(
        f"A {what} {kernel} is no kernel: it is only conditionally positive definite, and "
        "stays so in sums and times a positive constant, but not in other products or in "
        "powers. Take a definite kernel such as NTK(), or another exponent of Riesz."
    )


def _power(kernel):
    core = as_core(kernel.kernel)
    if not core.definite:
        raise _no_kernel("power of", kernel.kernel)
    exponent = float(kernel.exponent)
    exponent = int(exponent) if exponent.is_integer() else exponent
    return _compositions.Power(core, exponent)


_CONVERSIONS = {
    sk.RBF: lambda k: _scaled(_squared_exponential, k.length_scale),
    sk.Matern: _matern,
    sk.RationalQuadratic: _rational_quadratic,
    sk.DotProduct: lambda k: _compositions.DotProduct(float(k.sigma_0)),
    sk.ExpSineSquared: lambda k: _stationary.ExpSineSquared(
        float(k.length_scale), float(k.periodicity)
    ),
    sk.ConstantKernel: lambda k: _compositions.Constant(float(k.constant_value)),
    sk.WhiteKernel: lambda k: _compositions.White(float(k.noise_level)),
    sk.Sum: lambda k: _compositions.Sum(as_core(k.k1), as_core(k.k2)),
    sk.Product: _product,
    sk.Exponentiation: _power,
}
