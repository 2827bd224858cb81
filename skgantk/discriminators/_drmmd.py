"""DrMMD: the MMD de-regularised by the target; its trainer and its discriminator."""

import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve

from skgantk._numerics.geometry import matmul
from skgantk._numerics.pytrees import register
from skgantk.discriminators._target import TargetDiscriminator, TargetTrainer


@register()
class DrMMDTrainer(TargetTrainer):
    """f = 2(1 + λ)(Σ + λ)⁻¹g, g = m_real - m_fake, Σ = Σ_i β_i k(·, x_i) ⊗ k(·, x_i).

    With Φ of columns k(·, x_i), B = diag(√β) and S = B K_XX B, Woodbury's identity

        λ(Σ + λ)⁻¹ = 1 - ΦB(S + λ)⁻¹BΦᵀ

    makes of m_real = ΦB√β and Φᵀg = K_XX β - K_XY α (√β = B1), since
    √β - (S + λ)⁻¹S√β = λ(S + λ)⁻¹√β, the coefficients of (R1)

        q = B(1 + S/λ)⁻¹B(1 + K_XY α / λ),   s = 2(1 + λ)/λ,                        (R2)

    in which nothing cancels for large λ.
    """

    def system(self, K, beta):
        """(1 + S/λ)⁻¹, in float64 so that small λ are right."""
        root = jnp.sqrt(jnp.asarray(beta, jnp.float64))
        S = root[:, None] * jnp.asarray(K, jnp.float64) * root
        one = jnp.eye(len(S))
        inverse = cho_solve(cho_factor(one + S / self.regularization), one)
        return inverse.astype(K.dtype)

    def solve(self, system, beta, pull):
        root = jnp.sqrt(beta)
        q = root * matmul(system, root * (1 + pull / self.regularization))
        return q, 2 * (1 + 1 / self.regularization), jnp.array(True)

    def objective(self, loss, sample, f):
        """DrMMD = (1 + λ)⟨g, (Σ + λ)⁻¹g⟩ = ½⟨g, f⟩ of the best f."""
        return super().objective(loss, sample, f) / 2


class DrMMDDiscriminator(TargetDiscriminator):
    r"""Critic of the MMD that is de-regularised by the real points, in closed form.

    The MMD counts a difference of the clouds alike wherever it is, so that its flow hardly
    moves particles that are far from all data. The DrMMD [1]_ divides by the covariance of
    the real points' features, :math:`\Sigma = E_{real} k(x, \cdot) \otimes k(x, \cdot)`:

    .. math::

        DrMMD = (1 + \lambda) \langle g, (\Sigma + \lambda)^{-1} g \rangle, \qquad
        g = E_{real} k(x, \cdot) - E_{fake} k(y, \cdot),

    which is the MMD² for λ → ∞ and the χ²-divergence of fake from real points for λ → 0
    and a characteristic kernel, and whose flow comes globally close to the target where
    that obeys a Poincaré inequality. Particles descend its first variation, and this critic
    is minus that,

    .. math:: f = 2 (1 + \lambda) (\Sigma + \lambda)^{-1} g.

    Take it where the flow of `NTKIPMDiscriminator` is slow at its end or leaves particles
    behind, at the cost of a matrix of the real points, inverted once a flow.

    Parameters
    ----------
    kernel : Kernel, default=None
        A kernel of `skgantk.kernels`, or one of scikit-learn's that `as_core` knows;
        `NTK()` if None.
    regularization : float, default=0.1
        λ > 0, in units of k(x, x); in float32 it should be 1e-5 of that at least.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels of fake and real, in order.
    kernel_ : Kernel
        The kernel used.
    X_fit_ : ndarray of shape (n_samples, n_features)
        The points, fake and real.
    y_fit_ : ndarray of shape (n_samples,)
        Their labels.
    dual_coef_ : ndarray of shape (n_samples,)
        c in f(x) = Σ_i c_i k(x, x_i).
    loss_ : float
        DrMMD of the clouds, at least 0.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the input is not finite or not of two classes.
    TypeError
        If the kernel has no known formula.
    MemoryError
        If the Gram matrix cannot fit into memory.

    Warns
    -----
    ConvergenceWarning
        If ``regularization`` is beyond the precision of the data's dtype.

    See Also
    --------
    NTKIPMDiscriminator : The witness of the MMD, half of f for λ → ∞.
    KALEDiscriminator : The same idea for the Kullback-Leibler divergence.

    Notes
    -----
    Real are the points of the greater label. Of m real points the memory is O(m²) and the
    time O(m³), once a flow; each step costs a product with the inverse beside the kernel
    sums. With batches it is a system of equations at every step.

    References
    ----------
    .. [1] Chen, Mustafi, Glaser, Korba, Gretton, Sriperumbudur, "(De)-regularized maximum
       mean discrepancy gradient flow", JMLR 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.discriminators import DrMMDDiscriminator, stack_samples
    >>> rng = np.random.default_rng(0)
    >>> X, y = stack_samples(rng.normal(3, 1, (60, 2)), rng.normal(0, 1, (40, 2)))
    >>> round(DrMMDDiscriminator().fit(X, y).loss_, 1)
    11.2
    >>> round(DrMMDDiscriminator(regularization=1e6).fit(X, y).loss_, 1)  # MMD²
    3.9
    >>> from skgantk.generators import ParticleFlowGenerator
    >>> flow = ParticleFlowGenerator(DrMMDDiscriminator(), max_iter=50, random_state=0)
    >>> flow.fit(X[y == 1]).sample(3, random_state=0).shape
    (3, 2)
    """

    _trainer = DrMMDTrainer
