"""Carry-over: f₀ of a training is what the training before left ([F22] Eq. 83).

After k trainings f = f₀ + Σ_{l≤k} Σ_i c_i^l k(x, x_i^l), a sum over all clouds that were
ever fake. Where the real points are always the same, they take part once, with the sum of
their coefficients. The rest grows by a cloud at each step, and so does the time of a step.

Beyond a number of clouds it is projected on part of its points Z (Nyström), orthogonally in
the RKHS of k:

    P g = Σ_j a_j k(x, z_j),   K_ZZ a = g(Z),                                       (N1)

so that what is lost, e = g - P g, is known, and |e(x)| ≤ ‖e‖ √k(x, x). The norms of all
losses are added up. The points are those of `skgantk.kernels._low_rank.choose`.
"""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics import operators
from skgantk._numerics.pytrees import register
from skgantk.discriminators._adversary import Adversary, KernelAdversary
from skgantk.discriminators._functions import Function
from skgantk.kernels._core import Core
from skgantk.kernels._low_rank import LowRank, choose


class Past(NamedTuple):
    """The clouds of earlier trainings."""

    centres: jax.Array  # (slots, n, d)
    coef: jax.Array  # (slots, n), 0 in unused slots
    real_coef: jax.Array  # (m,), of the real points
    used: jax.Array  # slots
    error: jax.Array  # bound on the norm of what projections lost


@register()
class Carried(Function):
    """f = f₀ + what `Past` holds; slots that are not used cost nothing."""

    core: Core
    initial: Function
    real: jax.Array
    past: Past

    def value(self, X):
        return self.initial.value(X) + self._sum(operators.product, X)

    def gradient(self, X):
        return self.initial.gradient(X) + self._sum(operators.gradient, X)

    def _sum(self, operator, X):
        real, centres, coef, real_coef = (
            jnp.asarray(a, X.dtype) for a in (self.real, *self.past[:3])
        )

        def add(slot, total):
            return total + operator(self.core, X, centres[slot], coef[slot])

        start = operator(self.core, X, real, real_coef)
        return jax.lax.fori_loop(0, self.past.used, add, start)


@register("slots", "size", "whole", "compressed")
class CarryOver(Adversary):
    """A discriminator of infinite width that goes on from where it was."""

    adversary: KernelAdversary
    real: jax.Array  # (m, d)
    slots: int
    size: int  # of a cloud
    whole: bool  # whether the real points are always all of ``real``
    compressed: bool  # whether there may be more clouds than slots

    @property
    def loss(self):
        return self.adversary.loss

    def start(self, dtype):
        shape = self.slots, self.size
        return Past(
            jnp.zeros((*shape, self.real.shape[1]), dtype),
            jnp.zeros(shape, dtype),
            jnp.zeros(len(self.real), dtype),
            jnp.zeros((), jnp.int32),
            jnp.zeros((), dtype),
        )

    def resume(self, memory, dtype):
        """Past clouds come along into more slots."""
        fresh = self.start(dtype)
        if not isinstance(memory, Past) or memory.real_coef.shape != fresh.real_coef.shape:
            return fresh
        if memory.coef.shape[1] != self.size or memory.used > self.slots:
            return fresh
        used = min(self.slots, len(memory.coef))
        return memory._replace(
            centres=fresh.centres.at[:used].set(memory.centres[:used]),
            coef=fresh.coef.at[:used].set(memory.coef[:used]),
        )

    def _trained_from(self, memory):
        """The adversary whose f₀ is what that memory holds."""
        core, first = self.adversary.core, self.adversary.initial
        before = Carried(core, first, self.real, memory)
        return replace(self.adversary, initial=before)

    def solution(self, function):
        return self.adversary.solution(function)

    def function(self, solution, memory):
        return self._trained_from(memory).function(solution, ())

    def train(self, memory, fake, real, key, counts=None):
        # The past and what is added to it have the same kernel, whatever is drawn of it.
        core = self.adversary.core.redrawn(key)
        drawn = replace(self, adversary=replace(self.adversary, core=core))
        trained = drawn._trained_from(memory).train((), fake, real, key, counts)
        past = memory
        if self.compressed:
            past = jax.lax.cond(
                past.used == self.slots,
                lambda p: self._projected(p, key),
                lambda p: p,
                past,
            )
        function, real_coef = trained.function, past.real_coef
        if self.whole:
            real_coef = real_coef + function.coef[len(fake) :]
        past = past._replace(
            centres=past.centres.at[past.used].set(function.centres[: self.size]),
            coef=past.coef.at[past.used].set(function.coef[: self.size]),
            real_coef=real_coef,
            used=past.used + 1,
        )
        return trained._replace(memory=past)

    def select(self, kept, after, before):
        """Forget the last slot, or large arrays would be copied at every step."""
        return after._replace(
            used=after.used - ~kept,
            real_coef=jnp.where(kept, after.real_coef, before.real_coef),
        )

    def _projected(self, past, key):
        """(N1) on half of the points, in float64."""
        kept = self.slots // 2
        centres, coef = past.centres.reshape(-1, self.real.shape[1]), past.coef.reshape(-1)
        core, dtype = self.adversary.core, coef.dtype
        X, c = centres.astype(jnp.float64), coef.astype(jnp.float64)
        chosen = choose(core, X, kept * self.size, key)
        a = LowRank(core, X[chosen]).condensed(X, c)[2]
        a = a.astype(dtype)
        loss = c.at[chosen].add(-a.astype(jnp.float64))
        square = jnp.vdot(loss, operators.product(core, X, X, loss))
        error = past.error + jnp.sqrt(jnp.maximum(square, 0)).astype(dtype)
        empty = self.slots - kept
        return past._replace(
            centres=jnp.pad(
                centres[chosen].reshape(kept, self.size, -1), [(0, empty), (0, 0), (0, 0)]
            ),
            coef=jnp.pad(a.reshape(kept, self.size), [(0, empty), (0, 0)]),
            used=jnp.full_like(past.used, kept),
            error=error,
        )
