"""Classes of data for compiled functions."""

from dataclasses import FrozenInstanceError

import jax
import pytest

from skgantk._numerics.pytrees import register
from skgantk.discriminators._lsgan import LSGANLimit, LSGANTrainer
from skgantk.kernels import Core
from skgantk.kernels._compositions import Constant, DotProduct, White
from skgantk.kernels._stationary import ExpSineSquared, RationalQuadratic


@register("power")
class Monomial:
    factor: float
    power: int


@register("power")
class Root:
    factor: float
    power: int


def test_a_registered_class_is_a_frozen_tree():
    monomial = Monomial(2.0, power=3)
    with pytest.raises(FrozenInstanceError):
        monomial.factor = 1.0
    (path, leaf), *others = jax.tree_util.tree_leaves_with_path(monomial)
    assert (jax.tree_util.keystr(path), leaf, others) == (".factor", 2.0, [])
    assert jax.tree.map(lambda leaf: 2 * leaf, monomial) == Monomial(4.0, 3)


def test_static_fields_are_part_of_the_structure():
    structure = jax.tree.structure(Monomial(2.0, 3))
    assert structure == jax.tree.structure(Monomial(1.0, 3))
    assert structure != jax.tree.structure(Monomial(2.0, 4))


@pytest.mark.parametrize(
    "alike",
    [
        [Monomial(1.0, 2), Root(1.0, 2)],
        [Constant(1.0), White(1.0), DotProduct(1.0)],
        [RationalQuadratic(1.0, 1.0), ExpSineSquared(1.0, 1.0)],
        [LSGANTrainer(1.0, -1.0, 2.0, 0.0), LSGANLimit(1.0, -1.0, 2.0, 0.0)],
    ],
)
def test_structures_of_two_classes_differ(alike):
    """Compared, and not only by hash: what was compiled for one must not run on another."""
    structures = [jax.tree.structure(instance) for instance in alike]
    for i, structure in enumerate(structures):
        assert [structure == other for other in structures] == [
            i == j for j in range(len(alike))
        ]


def test_static_that_is_no_field_is_refused():
    with pytest.raises(TypeError, match="static of Wrong names"):

        class Wrong(Core, static=("degre",)):
            degree: int


def test_a_core_is_not_registered_twice():
    """By JAX's decorator, with which its structure would be that of others."""
    with pytest.raises(ValueError, match="Duplicate"):

        @jax.tree_util.register_dataclass
        class Twice(Core):
            value: float
