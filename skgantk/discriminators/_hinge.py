"""Training with the hinge loss, exactly, from kink to kink.

In margins m = ρf, a point pulls with all its weight where m < 1 and not at all where m > 1.
At m = 1 it may pull with any part of it, and the flow of (D1) takes the subgradient of
least norm (Brézis 1973). So with c = ρQ and R = diag(ρ) K diag(ρ),

    dQ/dt = q,   dm/dt = R q,   q = argmin ½ qᵀRq  with  q_i = 2w_i where m_i < 1,
                                q_i = 0 where m_i > 1,  0 ≤ q_i ≤ 2w_i where m_i = 1. (H1)

q changes only when a margin reaches 1, so m is piecewise linear in t, and the flow is a
sequence of events. At each one the quadratic programme (H1) is solved from its last
solution by moving q of the point that arrived, while the *sliding* points, those held at
their kink with 0 < q < 2w, adjust so that dm/dt stays 0 there. The path ends when the
point slides too, or has crossed its kink; points that meet a bound on the way stop sliding.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics.geometry import matmul
from skgantk._numerics.pytrees import register
from skgantk.discriminators._dual import Dual, Trainer
from skgantk.kernels._core import Leaf

EVENTS = 50  # at most, per point


@register()
class HingeTrainer(Trainer):
    """Event-driven solution of (H1); computes in float64."""

    time: Leaf

    gram = "always"

    def __call__(self, gram, sample):
        dtype = gram.matrix.dtype
        K, weight, sign, initial = (a.astype(jnp.float64) for a in (gram.matrix, *sample))
        R = sign[:, None] * K * sign
        # Velocities below this are rounding: equal points, of which one slides, stay put.
        rounding = max(1e-12, 8 * float(jnp.finfo(dtype).eps)) * jnp.max(jnp.diagonal(K))
        state = _follow(R, 2 * weight, sign * initial, self.time, rounding)
        coef = (sign * state.Q).astype(dtype)
        values = sample.initial + gram.product(coef)
        return Dual(coef, values, state.done)


class _Path(NamedTuple):
    t: jax.Array
    m: jax.Array  # margins
    Q: jax.Array  # ∫ q dt
    q: jax.Array
    sliding: jax.Array  # bool
    inverse: jax.Array  # of R on the sliding points, 0 elsewhere
    moving: jax.Array  # the point whose q moves, -1 while time goes on
    events: jax.Array
    done: jax.Array  # whether the time is over, or nothing moves any more


def _follow(R, bound, margins, time, still):
    n = len(R)
    q = jnp.where(margins <= 1, bound, 0)
    start = _Path(
        t=jnp.zeros(()),
        m=margins,
        Q=jnp.zeros(n),
        q=q,
        sliding=jnp.zeros(n, bool),
        inverse=jnp.zeros((n, n)),
        moving=-jnp.ones((), int),
        events=jnp.zeros((), int),
        done=jnp.zeros((), bool),
    )

    def event(path):
        path = jax.lax.cond(
            path.moving < 0,
            lambda path: _advance(R, bound, still, time, path),
            lambda path: _pivot(R, bound, path),
            path,
        )
        return path._replace(events=path.events + 1)

    def unfinished(path):
        return ~path.done & (path.events < EVENTS * n)

    return jax.lax.while_loop(unfinished, event, start)


def _advance(R, bound, still, time, path):
    """Let time go on until a margin reaches 1."""
    v = jnp.where(path.sliding, 0, matmul(R, path.q))
    pulls = path.q > 0
    arrives = ~path.sliding & (bound > 0) & jnp.where(pulls, v > still, v < -still)
    # A point that has just left its kink stands at 1: rounding must not lead it back.
    way = jnp.where(pulls, jnp.maximum(1 - path.m, 0), jnp.minimum(1 - path.m, 0))
    wait = jnp.where(arrives, way / jnp.where(arrives, v, 1), jnp.inf)
    first = jnp.argmin(wait)
    left = time - path.t
    over = wait[first] >= left
    step = jnp.where(over, left, wait[first])
    step = jnp.where(jnp.isinf(step), 0, step)  # for ever, and nothing moves
    m = path.m + step * v
    m = m.at[first].set(jnp.where(over, m[first], 1))
    return path._replace(
        t=path.t + step,
        m=m,
        Q=path.Q + step * path.q,
        moving=jnp.where(over, -1, first),
        done=over,
    )


def _pivot(R, bound, path):
    """Move q of the point at its kink until it slides, has crossed, or another stops."""
    i, inverse = path.moving, path.inverse
    column = jnp.where(path.sliding, R[i], 0)
    # What rounding has left of dm/dt on the sliding points is taken off first.
    q = path.q - matmul(inverse, jnp.where(path.sliding, matmul(R, path.q), 0))
    x = matmul(inverse, column)
    x = x + matmul(inverse, jnp.where(path.sliding, column - matmul(R, x), 0))
    v = matmul(R[i], q)
    down = v > 0  # its margin grows: q_i decreases
    direction = (-x).at[i].set(1) * jnp.where(down, -1, 1)
    slope = R[i, i] - matmul(column, x)  # of |v_i|, the Schur complement
    until_still = jnp.where(
        slope > 1e-13 * R[i, i], jnp.abs(v) / jnp.maximum(slope, 1e-300), jnp.inf
    )
    room = jnp.where(direction > 0, bound - q, q)
    moves = (direction != 0) & (path.sliding | (jnp.arange(len(q)) == i))
    until_bound = jnp.where(moves, room / jnp.abs(jnp.where(moves, direction, 1)), jnp.inf)
    until_bound = jnp.maximum(until_bound, 0)
    stop = jnp.argmin(until_bound)
    slides = until_still < until_bound[stop]
    q = q + jnp.where(slides, until_still, until_bound[stop]) * direction
    at_bound = jnp.where(direction[stop] > 0, bound[stop], 0)
    q = jnp.where(slides, q, q.at[stop].set(at_bound))
    # Enter i: bordering of the inverse. Leave j: the reverse. One update of rank 1.
    row = inverse[stop]
    enter, leave = (-x).at[i].set(1), row
    u = jnp.where(slides, enter, leave)
    leaves = ~slides & (stop != i)
    scale = jnp.where(slides, 1 / slope, jnp.where(leaves, -1 / row[stop], 0))
    sliding = path.sliding.at[i].set(slides)
    sliding = sliding.at[stop].set(jnp.where(slides, sliding[stop], False))
    inverse = inverse + scale * jnp.outer(u, u)
    inverse = jnp.where(sliding[:, None] & sliding, inverse, 0)
    return path._replace(
        q=q,
        sliding=sliding,
        inverse=inverse,
        moving=jnp.where(leaves, i, -1),
    )
