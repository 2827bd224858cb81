"""One program for one device or for many: independent pieces of work are spread over all.

Where there are several devices, `spread_map` gives every one its share of a loop and
everybody the results, so that what comes after it need not know. One process may own all
devices, or many processes of a cluster some each: all run the same program on the same
arrays. Under ``jax.default_device(...)`` everything stays on that device.
"""

from functools import cache, wraps

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = "devices"


def device_count():
    """The number of devices that work is spread over; 1 inside of a share of work."""
    alone = AXIS in jax.sharding.get_abstract_mesh().axis_names
    if alone or jax.config.jax_default_device is not None:
        return 1
    return jax.device_count()


@cache
def _mesh():
    return Mesh(jax.devices(), (AXIS,))


def spread_map(function, xs, shared):
    """Return `jax.lax.map` of x ↦ function(x, shared), its turns spread over all devices.

    Every device has a copy of ``shared``, a pytree of arrays; what ``function`` closes over
    must not be traced.
    """
    count = device_count()
    if count == 1:
        return jax.lax.map(lambda x: function(x, shared), xs)
    n = len(jax.tree.leaves(xs)[0])

    def fill(a):  # as many turns for each device; the last one is done again
        return jnp.pad(a, [(0, -n % count)] + [(0, 0)] * (a.ndim - 1), mode="edge")

    rows = PartitionSpec(AXIS)
    share = jax.shard_map(
        lambda xs, shared: jax.lax.map(lambda x: function(x, shared), xs),
        mesh=_mesh(),
        in_specs=(rows, PartitionSpec()),
        out_specs=rows,
        check_vma=False,  # or loops inside had to say which of their sums differ
    )
    result = _copied(share(jax.tree.map(fill, xs), shared))
    return jax.tree.map(lambda a: a[:n], result)


def compiled(function, **options):
    """`jax.jit`, with results of which every device, and so every process, has a copy.

    Called from outside of compiled code, the program is compiled for whole vectors.
    """

    @wraps(function)
    def with_copies(*args, **kwargs):
        result = function(*args, **kwargs)
        return result if device_count() == 1 else _copied(result)

    part = jax.jit(with_copies, **options)  # of a program, whose options JAX wants alone

    @cache
    def program():
        return jax.jit(with_copies, compiler_options=_whole_vectors(), **options)

    @wraps(function)
    def call(*args, **kwargs):
        leaves = jax.tree.leaves((args, kwargs))
        traced = any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)
        return (part if traced else program())(*args, **kwargs)

    call.lower = lambda *args, **kwargs: program().lower(*args, **kwargs)
    return call


@cache
def _whole_vectors():
    """Options by which XLA fills vectors of 512 bits of a CPU, not a half; None elsewhere.

    Kernels are long chains of arithmetic, which take three quarters of the time so.
    """
    if jax.default_backend() != "cpu":
        return None
    options = {"xla_cpu_prefer_vector_width": 512}
    try:
        jax.jit(lambda: 0, compiler_options=options)()
    except jax.errors.JaxRuntimeError:  # another XLA, which does not know it
        return None
    return options


def _copied(tree):
    return jax.lax.with_sharding_constraint(tree, NamedSharding(_mesh(), PartitionSpec()))
