"""``several_devices.py FILE COUNT``: results on as many devices as JAX has, into a file."""

import sys

import jax
import numpy as np

from skgantk._numerics import operators
from skgantk.discriminators import NTKLSGANDiscriminator
from skgantk.generators import GANTKSynthesizer, ParticleFlowGenerator
from skgantk.kernels import NTK, ConvNTK, as_core, kernel_gradient, kernel_sum


def devices_of_a_sum(X):
    """Devices that take part in a compiled sum."""
    lowered = operators._sum.lower(as_core(NTK()), X, X, X[:, 0], (10, 10))
    return len(lowered.compile().output_shardings.device_set)


def main(path, count):
    assert jax.device_count() == count
    rng = np.random.default_rng(0)
    X, Y, coef = rng.normal(size=(1003, 3)), rng.normal(size=(777, 3)), rng.normal(size=777)
    images, conv = rng.normal(size=(12, 64)), ConvNTK((8, 8))
    small = X[:100]
    flow = ParticleFlowGenerator(max_iter=20, random_state=0).fit(small)
    lsgan = ParticleFlowGenerator(NTKLSGANDiscriminator(), max_iter=20, random_state=0)
    synthesizer = GANTKSynthesizer(batch_size=24, max_iter=20, random_state=0).fit(small)
    results = {
        "kernel_sum": kernel_sum(NTK(), X, Y, coef),
        "kernel_gradient": kernel_gradient(NTK(), X, Y, coef),
        "one_row": kernel_sum(NTK(), X[:1], Y, coef),
        "gram": NTK()(X),
        "cross_gram": NTK()(X, Y),
        "images": conv(images),
        "ipm_flow": flow.particles_,
        "transform": flow.transform(Y[:50]),
        "lsgan_flow": lsgan.fit(small).particles_,
        "batches": synthesizer.samples_,
        "further_batches": synthesizer.sample(150, random_state=0),
        "devices_of_a_sum": devices_of_a_sum(X),
    }
    with jax.default_device(jax.devices()[0]):
        results["devices_of_a_sum_under_default_device"] = devices_of_a_sum(X)
    np.savez(path, **results)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
