"""Arbitrary-precision oracle for the NTK and NNGP of fully connected networks.

Plain textbook recursion in mpmath: cancellation is met with more digits, never with
algebra, so that this module shares no formula with an implementation under test.
"""

import mpmath
import numpy as np
from mpmath import mp
from scipy import special
from scipy.integrate import quad

# What this module knows; the dual of other activations has no closed form.
ACTIVATIONS = [
    "relu", "leaky_relu", "abs", "erf", "sigmoid", "gelu", "gaussian", "sin", "cos",
    "identity",
]  # fmt: skip
GUARD = 40  # digits; the arccos of 1 - 1e-20 and the terms it feeds lose fewer
SIGMOID_SCALE = 2.4020563531719796


def _kinked(alpha, qx, qy, c):
    """Arc-cosine formulas for φ(u) = max(0, u) + alpha·min(0, u)."""
    norm = mp.sqrt(qx * qy)
    cosine = c / norm if norm else mp.zero
    # Rounding alone separates parallel vectors by θ ~ 10^(-digits/2): clamp to ±1.
    if 1 - abs(cosine) < mp.eps * 10**10:
        cosine = mp.sign(cosine)
    sine, angle = mp.sqrt(1 - cosine**2), mp.acos(cosine)
    # "Same" side: u and v both positive; "opposite" side: u and -v both positive.
    same = sine + (mp.pi - angle) * cosine
    opposite = sine - angle * cosine
    value = norm * ((1 + alpha**2) * same - 2 * alpha * opposite)
    slope = (1 + alpha**2) * (mp.pi - angle) + 2 * alpha * angle
    return value / (2 * mp.pi), slope / (2 * mp.pi)


def _erf(qx, qy, c):
    product = (1 + 2 * qx) * (1 + 2 * qy)
    value = 2 * mp.asin(2 * c / mp.sqrt(product)) / mp.pi
    return value, 4 / (mp.pi * mp.sqrt(product - 4 * c**2))


def _gelu(qx, qy, c):
    product = (1 + qx) * (1 + qy)
    det = product - c**2
    density = 1 / (2 * mp.pi * mp.sqrt(det))  # E[Φ'(u) Φ'(v)]
    orthant = mp.mpf(1) / 4 + mp.asin(c / mp.sqrt(product)) / (2 * mp.pi)  # E[ΦΦ]
    inverses = 1 / (1 + qx) + 1 / (1 + qy)
    value = c * orthant + density * (qx * qy + c**2 * (inverses - 1))
    return value, orthant + c * density * (inverses + 1 / det)


def _gaussian(qx, qy, c):
    det = (1 + 2 * qx) * (1 + 2 * qy) - 4 * c**2
    return 1 / mp.sqrt(det), 4 * c / mp.sqrt(det) ** 3


def _dual(activation, qx, qy, c, negative_slope):
    """Evaluate `dual` at the working precision, without guard digits."""
    if activation in ("relu", "leaky_relu", "abs"):
        alpha = {"relu": 0, "leaky_relu": negative_slope, "abs": -1}[activation]
        return _kinked(mp.convert(alpha), qx, qy, c)
    if activation == "sigmoid":
        square = mp.mpf(SIGMOID_SCALE) ** 2
        value, slope = _erf(qx / square, qy / square, c / square)
        return (1 + value) / 4, slope / (4 * square)
    if activation in ("sin", "cos"):
        difference = mp.exp(c - (qx + qy) / 2) / 2  # ½ E[cos(u - v)]
        total = mp.exp(-c - (qx + qy) / 2) / 2  # ½ E[cos(u + v)]
        pair = difference - total, difference + total
        return pair if activation == "sin" else pair[::-1]
    smooth = {
        "erf": _erf,
        "gelu": _gelu,
        "gaussian": _gaussian,
        "identity": lambda qx, qy, c: (c, mp.one),
    }
    return smooth[activation](qx, qy, c)


def dual(activation, qx, qy, c, negative_slope=0.01):
    """Return (E[φ(u)φ(v)], E[φ'(u)φ'(v)]), (u, v) ~ N(0, [[qx, c], [c, qy]]).

    Closed forms, right to the precision that mpmath is set to by the caller.
    """
    with mpmath.workdps(mp.dps + GUARD):
        pair = _dual(activation, *map(mp.convert, (qx, qy, c)), negative_slope)
    return tuple(+value for value in pair)


def _recursion(
    d, xx, yy, xy, *, depth, activation, weight_std, bias_std,
    output_bias=False, negative_slope=0.01, get="ntk",
):  # fmt: skip
    """Run the layers from d, |x|², |y|² and x·y at the working precision."""
    weight, bias = mp.convert(weight_std) ** 2, mp.convert(bias_std) ** 2
    first, *others = [bias] * depth + [bias if output_bias else mp.zero]
    qx, qy, c = (weight * moment / d + first for moment in (xx, yy, xy))
    theta = c
    for bias in others:
        value, slope = _dual(activation, qx, qy, c, negative_slope)
        # Diagonals by the same formula: where x = y, all three agree to the last bit.
        same = (_dual(activation, q, q, q, negative_slope)[0] for q in (qx, qy))
        qx, qy, c = (weight * moment + bias for moment in (*same, value))
        theta = weight * slope * theta + c
    return {"ntk": theta, "nngp": c}[get]


def kernel(x, y, *, dps=60, **network):
    """Return k(x, y) to ``dps`` digits.

    Parameters
    ----------
    x, y : sequences of float or mpf
        Two points of the same dimension; floats are taken exactly.
    dps : int
        Digits of the result; the working precision is higher.
    **network
        ``depth`` (hidden layers), ``activation``, ``weight_std``, ``bias_std``,
        ``output_bias=False`` (a bias on the read-out layer too), ``get="ntk"`` or
        ``"nngp"``, ``negative_slope=0.01`` (of leaky_relu).
    """
    with mpmath.workdps(dps + GUARD):
        x, y = ([mp.convert(v) for v in u] for u in (x, y))
        moments = mp.fdot(x, x), mp.fdot(y, y), mp.fdot(x, y)
        value = _recursion(len(x), *moments, **network)
    with mpmath.workdps(dps):
        return +value


def gradient(x, y, *, dps=60, **network):
    """Return the list ∇ₓ k(x, y), x ≠ y; parameters as in `kernel`.

    k depends on (|x|², |y|², x·y) only, so its gradient lies in Span{x, y}: central
    differences along an orthonormal basis of that span. Where x and y are parallel,
    the component off their line is 0, the mean of the one-sided slopes.
    """
    with mpmath.workdps(2 * dps + GUARD):
        x, y = ([mp.convert(v) for v in u] for u in (x, y))
        xx, yy, xy = mp.fdot(x, x), mp.fdot(y, y), mp.fdot(x, y)
        distance = mp.norm([u - v for u, v in zip(x, y, strict=True)])
        scales = [distance, mp.sqrt(xx) or distance]
        basis = [[v / scales[1] for v in (x if xx else y)]]
        along = mp.fdot(y, basis[0])
        across = [v - along * e for v, e in zip(y, basis[0], strict=True)]
        height, length = mp.norm(across), mp.sqrt(yy)
        if height > length * mp.mpf(10) ** (-2 * dps // 3):
            basis.append([v / height for v in across])
            scales.append(scales[1] * height / length)
        # k may bend at x = y, at x = 0 and on the line of y: step far less than that.
        step = min(scales) * mp.mpf(10) ** (-dps // 2)
        result = [mp.zero] * len(x)
        for e in basis:
            ex, ey = mp.fdot(e, x), mp.fdot(e, y)
            high, low = (
                _recursion(len(x), xx + 2 * h * ex + h**2, yy, xy + h * ey, **network)
                for h in (step, -step)
            )
            slope = (high - low) / (2 * step)
            result = [g + slope * v for g, v in zip(result, e, strict=True)]
    with mpmath.workdps(dps):
        return [+g for g in result]


def hyperparameter_gradient(x, y, *, dps=60, **network):
    """Return (∂k/∂log σ_w, ∂k/∂log σ_b) at (x, y), x = y included."""
    digits, result = 2 * dps + GUARD, []
    with mpmath.workdps(digits):
        step = mp.mpf(10) ** (-dps // 2)
        for name in ("weight_std", "bias_std"):
            high, low = (
                kernel(x, y, dps=digits, **{**network, name: ratio * network[name]})
                for ratio in (mp.exp(step), mp.exp(-step))
            )
            result.append((high - low) / (2 * step))
    with mpmath.workdps(dps):
        return tuple(+slope for slope in result)


_SMOOTH = {
    "erf": special.erf,
    "sigmoid": lambda u: (special.erf(u / SIGMOID_SCALE) + 1) / 2,
    "gelu": lambda u: u * special.ndtr(u),
    "gaussian": lambda u: np.exp(-u * u),
    "sin": np.sin,
    "cos": np.cos,
    "identity": lambda u: u,
}


def quadrature_dual(activation, qx, qy, c, negative_slope=0.01):
    """Integrate what `dual` has in closed form; floats, right to about 1e-10.

    Needs |c| < √(qx·qy), and qx, qy of order one for the smooth activations.
    """
    left = {"relu": 0.0, "leaky_relu": negative_slope, "abs": -1.0}.get(activation)
    phi = _SMOOTH.get(activation, lambda u: np.where(u.real > 0, u, left * u))
    # The derivative by a complex step: no difference is taken, so it is exact.
    functions = phi, lambda u: phi(u + 1e-30j).imag / 1e-30
    lower = np.linalg.cholesky(np.array([[qx, c], [c, qy]], dtype=float))
    if activation in _SMOOTH:
        nodes, weights = np.polynomial.hermite_e.hermegauss(150)
        weights /= weights.sum()
        u, v = np.tensordot(lower, np.meshgrid(nodes, nodes, indexing="ij"), 1)
        return tuple(float(weights @ (f(u) * f(v)) @ weights) for f in functions)

    def along(psi, f):
        return np.prod(f(lower @ [np.cos(psi), np.sin(psi)])) / (2 * np.pi)

    # (u, v) = r·lower·(cos ψ, sin ψ): the integrands are smooth between these ψ.
    kink = np.arctan2(-lower[1, 0], lower[1, 1]) % np.pi
    kinks = [np.pi / 2, 3 * np.pi / 2, kink, kink + np.pi]
    value, slope = (quad(along, 0, 2 * np.pi, f, points=kinks)[0] for f in functions)
    return 2 * value, slope  # the radial integrals are E[r²] = 2 and 1
