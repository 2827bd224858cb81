"""Small real and fake clouds for the discriminators' tests."""

import numpy as np


def clouds(n_real=13, n_fake=7, n_features=2, seed=0, shift=2.0):
    """Real and fake points of unequal numbers, stacked, with labels and weights."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_real + n_fake, n_features))
    X[:n_real] += shift
    y = np.repeat([1, -1], [n_real, n_fake])
    return X, y, rng.uniform(0.5, 2.0, size=len(y))


def with_duplicates(X):
    """Half of the points are copies of others, some of the other class."""
    X = X.copy()
    X[1::2] = X[::2][::-1][: len(X[1::2])]
    return X


def measure_weights(y, sample_weight):
    """w: half of the weight on either class."""
    real = y > 0
    w = np.where(real, sample_weight / sample_weight[real].sum(), 0)
    w += np.where(real, 0, sample_weight / sample_weight[~real].sum())
    return w / 2


def eight_gaussians(n, seed=0):
    """[F22]: centres on the circle of radius 5, standard deviation 0.5."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * rng.integers(8, size=n) / 8
    centres = 5 * np.column_stack([np.cos(angle), np.sin(angle)])
    return centres + 0.5 * rng.normal(size=(n, 2))


# [F22] Fig. 1, in one dimension
FAKE_IPM = 1.5 * np.array([-1.2, -1.34, -0.8, -0.7, -0.2])[:, None]
REAL_IPM = 1.5 * np.array([0.6, 1.0, 1.23, 1.32, 0.2, -1.1, -1.0, -1.8])[:, None]
FAKE_LSGAN = 1.5 * np.array([-1.2, -1.34, -0.8, -0.7, -0.3])[:, None]
REAL_LSGAN = 1.5 * np.array([0.6, 1.0, 1.23, 1.32, 0.2])[:, None]
