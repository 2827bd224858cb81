"""Results on as many devices as there are: ``several_devices.py FILE [ADDRESS NUMBER]``.

With an address the process is that of this number in a cluster of two.
"""

import sys

import jax
import numpy as np

from skgantk._numerics import operators
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import GANTKSynthesizer, ParticleFlowGenerator
from skgantk.kernels import NTK, ConvNTK, Riesz, as_core, kernel_gradient, kernel_sum

KERNEL = NTK(depth=1)


def devices(X):
    """How many take part in a compiled sum."""
    lowered = operators._sum.lower(as_core(KERNEL), X, X, X[:, 0], (10, 10))
    return len(lowered.compile().output_shardings.device_set)


def results():
    """A dictionary of arrays."""
    rng = np.random.default_rng(0)
    X, Y, coef = rng.normal(size=(503, 3)), rng.normal(size=(377, 3)), rng.normal(size=377)
    small = X[:50]
    critic = NTKIPMDiscriminator(KERNEL)
    flow = ParticleFlowGenerator(critic, max_iter=20, random_state=0).fit(small)
    params = {"standardize": False, "max_iter": 20, "random_state": 0}  # float64
    synthesizer = GANTKSynthesizer(KERNEL, batch_size=12, **params)
    found = {
        "kernel_sum": kernel_sum(KERNEL, X, Y, coef),
        "kernel_gradient": kernel_gradient(KERNEL, X, Y, coef),
        "sliced": kernel_gradient(Riesz(n_directions=5), X, Y, coef),
        "one_row": kernel_sum(KERNEL, X[:1], Y, coef),
        "gram": KERNEL(X),
        "cross_gram": KERNEL(X, Y),
        "images": ConvNTK((8, 8))(rng.normal(size=(12, 64))),
        "flow": flow.particles_,
        "transform": flow.transform(Y[:50]),
        "batches": synthesizer.fit(small).samples_,
        "devices": devices(small),
    }
    with jax.default_device(jax.local_devices()[0]):
        found["devices_under_default_device"] = devices(small)
    return found


if __name__ == "__main__":
    path, *cluster = sys.argv[1:]
    if cluster:
        jax.distributed.initialize(cluster[0], 2, int(cluster[1]))
    np.savez(path, **results())
