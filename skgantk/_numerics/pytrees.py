"""Classes of data for compiled functions."""

from dataclasses import dataclass, fields
from typing import dataclass_transform

import jax


@dataclass_transform(frozen_default=True)
def register(*static):
    """Decorate a class: frozen dataclass and JAX pytree; ``static`` names no leaves.

    Not by `jax.tree_util.register_dataclass`: in JAX 0.10.0 to 0.10.2 trees of two classes
    of as many fields compare as equal. Caches of compiled functions tell them apart by
    seven bits of their hashes then, so that in one process of a hundred a function that was
    compiled for one class runs on the other.
    """

    def decorate(cls):
        cls = dataclass(frozen=True)(cls)
        names = [field.name for field in fields(cls)]
        unknown = sorted(set(static) - set(names))
        if unknown:
            raise TypeError(
                f"static of {cls.__name__} names {unknown}, but its annotated fields are "
                f"{names}."
            )
        leaves = [name for name in names if name not in static]
        keys = [jax.tree_util.GetAttrKey(name) for name in leaves]

        def flatten(instance):
            values = tuple(getattr(instance, name) for name in leaves)
            return values, tuple(getattr(instance, name) for name in static)

        def flatten_with_keys(instance):
            values, rest = flatten(instance)
            return tuple(zip(keys, values)), rest

        def unflatten(rest, values):
            return cls(**dict(zip(leaves, values)), **dict(zip(static, rest)))

        jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
        return cls

    return decorate
