"""Losses of GANs: three functions of the discriminator's value.

A discriminator f maximises L(f) = E_fake[a(f)] - E_real[b(f)] and a generator minimises
E_fake[c(f)] ([F22] Eq. 2 and 3). Large f means real, for every loss here.
"""

import jax
import jax.numpy as jnp

__all__ = ["IPM", "LSGAN", "Hinge", "Loss", "VanillaGAN"]


class Loss:
    """Base class of the losses: subclass it to train with your own.

    A subclass defines ``a``, ``b`` and ``c``, elementwise functions of an array in
    `jax.numpy`, differentiable with Lipschitz derivatives ([1]_ Assumption 3); the
    derivatives ``da``, ``db`` and ``dc`` come from automatic differentiation unless they
    are overridden. Whatever it needs it keeps in attributes; two losses of one class with
    equal attributes are equal, and nothing is compiled anew for them, so attributes must
    be hashable (numbers, strings, tuples).

    Attributes
    ----------
    threshold : float
        The value of f that tells real from fake, 0 unless overridden.

    Raises
    ------
    NotImplementedError
        If a function is used that the subclass does not define.

    See Also
    --------
    NTKGANDiscriminator : Trains with any loss.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    The saturating loss of the first GAN:

    >>> import jax
    >>> from skgantk.losses import VanillaGAN
    >>> class SaturatingGAN(VanillaGAN):
    ...     def c(self, f):
    ...         return jax.nn.log_sigmoid(-f)
    >>> print(SaturatingGAN().dc(0.0))
    -0.5
    """

    threshold = 0.0

    def a(self, f):
        """Term of the fake points in L.

        Parameters
        ----------
        f : jax.Array
            Values of the discriminator, of any shape.

        Returns
        -------
        a : jax.Array of the same shape
        """
        raise NotImplementedError(f"{type(self).__name__} defines no method a(f).")

    def b(self, f):
        """Term of the real points in L, subtracted.

        Parameters
        ----------
        f : jax.Array
            Values of the discriminator, of any shape.

        Returns
        -------
        b : jax.Array of the same shape
        """
        raise NotImplementedError(f"{type(self).__name__} defines no method b(f).")

    def c(self, f):
        """Term that the generator minimises.

        Parameters
        ----------
        f : jax.Array
            Values of the discriminator, of any shape.

        Returns
        -------
        c : jax.Array of the same shape
        """
        raise NotImplementedError(f"{type(self).__name__} defines no method c(f).")

    def da(self, f):
        """Derivative of ``a``.

        Parameters
        ----------
        f : jax.Array
            Values of the discriminator, of any shape.

        Returns
        -------
        da : jax.Array of the same shape
        """
        return _derivative(self.a, f)

    def db(self, f):
        """Derivative of ``b``.

        Parameters
        ----------
        f : jax.Array
            Values of the discriminator, of any shape.

        Returns
        -------
        db : jax.Array of the same shape
        """
        return _derivative(self.b, f)

    def dc(self, f):
        """Derivative of ``c``.

        Parameters
        ----------
        f : jax.Array
            Values of the discriminator, of any shape.

        Returns
        -------
        dc : jax.Array of the same shape
        """
        return _derivative(self.c, f)

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self):
        try:
            return hash((type(self), tuple(sorted(vars(self).items()))))
        except TypeError as error:
            raise TypeError(
                f"The attributes of {type(self).__name__} must be hashable, so that it is "
                f"compiled once: numbers, strings or tuples; got {vars(self)}."
            ) from error

    def __repr__(self):
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({values})"


def check_functions(loss, names):
    """Raise before any work is done if the loss cannot be compiled and differentiated.

    ``names`` are the functions that will be used.
    """
    hash(loss)  # refuses attributes that are not hashable, before JAX does
    f = jax.ShapeDtypeStruct((2,), jnp.float32)
    for name in names:
        where = f"{type(loss).__name__}.{name}(f)"
        try:
            made = [jax.eval_shape(getattr(loss, d + name), f) for d in ("", "d")]
        except (TypeError, ValueError) as error:  # JAX's of tracers are of these
            raise TypeError(
                f"{where} must be written in jax.numpy, elementwise (jnp.exp in the place "
                "of np.exp, jnp.where of an if), because it is compiled and "
                f"differentiated. It fails with: {str(error).splitlines()[0]}"
            ) from error
        shapes = [getattr(value, "shape", None) for value in made]
        if shapes != [f.shape, f.shape]:
            raise TypeError(
                f"{where} and its derivative must have the shape of f, elementwise; for "
                f"{f.shape} they have {shapes[0]} and {shapes[1]}."
            )


def _derivative(function, f):
    f = jnp.asarray(f)
    f = f if jnp.issubdtype(f.dtype, jnp.floating) else f.astype(float)
    return jax.jvp(function, (f,), (jnp.ones_like(f),))[1]


class IPM(Loss):
    """Integral probability metric: a = b = c = -f, the loss of the Wasserstein GAN.

    See Also
    --------
    NTKIPMDiscriminator : Its training in closed form.

    References
    ----------
    .. [1] Arjovsky, Chintala, Bottou, "Wasserstein generative adversarial networks",
       ICML 2017.

    Examples
    --------
    >>> from skgantk.losses import IPM
    >>> print(IPM().c(2.0), IPM().dc(2.0))
    -2.0 -1.0
    """

    def a(self, f):
        """-f."""
        return -f

    b = c = a


class LSGAN(Loss):
    """Least squares: a = -(f - fake)², b = (f - real)², c = (f - generator)².

    Parameters
    ----------
    real, fake : float, default=1 and -1
        Targets of the discriminator, ``real`` the greater one.
    generator : float, default=0
        Target of the generator.

    Raises
    ------
    ValueError
        If ``real`` is not greater than ``fake``.

    See Also
    --------
    NTKLSGANDiscriminator : Its training in closed form.

    References
    ----------
    .. [1] Mao et al., "Least squares generative adversarial networks", ICCV 2017.

    Examples
    --------
    >>> from skgantk.losses import LSGAN
    >>> print(LSGAN(real=1, fake=0).threshold, LSGAN().dc(0.5))
    0.5 1.0
    """

    def __init__(self, real=1.0, fake=-1.0, generator=0.0):
        if not real > fake:
            raise ValueError(
                "The target of real points must be greater than that of fake ones, so "
                f"that large f means real; got real={real} and fake={fake}."
            )
        # Python's numbers take the dtype of f, NumPy's would impose theirs.
        self.real = float(real)
        self.fake = float(fake)
        self.generator = float(generator)

    @property
    def threshold(self):
        """Half-way between the targets."""
        return (self.real + self.fake) / 2

    def a(self, f):
        """-(f - fake)²."""
        return -((f - self.fake) ** 2)

    def b(self, f):
        """(f - real)²."""
        return (f - self.real) ** 2

    def c(self, f):
        """(f - generator)²."""
        return (f - self.generator) ** 2


class VanillaGAN(Loss):
    """Cross-entropy, non-saturating: a = log(1 - σ(f)), b = c = -log σ(f).

    References
    ----------
    .. [1] Goodfellow et al., "Generative adversarial nets", NeurIPS 2014.

    Examples
    --------
    >>> from skgantk.losses import VanillaGAN
    >>> print(VanillaGAN().dc(0.0))
    -0.5
    """

    def a(self, f):
        """log(1 - σ(f))."""
        return jax.nn.log_sigmoid(-f)

    def b(self, f):
        """-log σ(f)."""
        return -jax.nn.log_sigmoid(f)

    c = b


class Hinge(Loss):
    """Hinge: a = min(0, -1 - f), b = -min(0, f - 1), c = -f.

    The kinks at f = ±1 break Assumption 3 of [1]_. Training is then the flow of the
    subgradient of least norm, which may hold a point at its kink for a while;
    `NTKGANDiscriminator` follows it exactly, from kink to kink. The derivatives here are
    those from the side where the loss still pulls.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.
    .. [2] Lim, Ye, "Geometric GAN", 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.losses import Hinge
    >>> print(Hinge().db(np.array([0.5, 1.5])))
    [-1.  0.]
    """

    def a(self, f):
        """min(0, -1 - f)."""
        return jnp.minimum(0, -1 - f)

    def b(self, f):
        """-min(0, f - 1)."""
        return -jnp.minimum(0, f - 1)

    def c(self, f):
        """-f."""
        return -f

    def da(self, f):
        """-1 where f ≥ -1, else 0."""
        return jnp.where(f >= -1, -jnp.ones_like(f), 0)

    def db(self, f):
        """-1 where f ≤ 1, else 0."""
        return jnp.where(f <= 1, -jnp.ones_like(f), 0)
