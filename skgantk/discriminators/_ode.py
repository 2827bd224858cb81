"""The solvers of the dual problem, from diffrax, which takes a while to import."""

from collections.abc import Callable

import diffrax
import jax
import jax.numpy as jnp

MAX_STEPS = 4096  # of the solver; an explicit one that needs more meets a stiff problem


class _Controller(diffrax.PIDController):
    """Steps by the error of h, in root mean square, and that of f, the greatest.

    Each counts beside its own size. Where real and fake points meet, h grows for ever while
    f, in which they cancel, stays: what is small beside h may be more than all of f.
    """

    scale: jax.Array | float = 1.0  # of h, to be beside f
    watched: Callable = lambda state: state  # h and f of a state, or of an error of it

    def adapt_step_size(self, t0, t1, y0, y1_candidate, args, y_error, *others):
        sizes = [self._sizes(y) for y in (y0, y1_candidate, y_error)]
        return super().adapt_step_size(t0, t1, *sizes[:2], args, sizes[2], *others)

    def _sizes(self, state):
        h, f = self.watched(state)
        return self.scale * jnp.sqrt(jnp.mean(h**2)), jnp.max(jnp.abs(f))


def explicit(velocity, start, time, scale, rtol, atol):
    """The state (h, f) at the end by Tsitouras' method, and whether it was reached."""
    controller = _Controller(rtol, atol, scale=scale, watched=lambda state: state)
    return _solve(velocity, start, time, diffrax.Tsit5(), controller)


def implicit(velocity, start, time, scale, rtol, atol, rounding, watched):
    """The same by Kværnø's method; ``watched`` gives h and f of a state."""
    newton = diffrax.VeryChord(rtol, atol / scale + rounding, norm=_increment, kappa=0.1)
    controller = _Controller(rtol, atol, scale=scale, watched=watched)
    return _solve(velocity, start, time, diffrax.Kvaerno5(root_finder=newton), controller)


def _solve(velocity, start, time, solver, controller):
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(velocity),
        solver,
        t0=jnp.zeros(()),
        t1=jnp.asarray(time, jnp.float64),
        dt0=None,
        y0=start,
        stepsize_controller=controller,
        max_steps=MAX_STEPS,
        throw=False,
    )
    end = jax.tree.map(lambda a: a[0], solution.ys)
    return end, solution.result == diffrax.RESULTS.successful


def _increment(scaled):
    """The largest of Newton's increments, 0 where it is within the tolerance.

    There they may be rounding, which does not fall: no divergence. A first guess may be
    right, and where large terms cancel in f, its rounding is soon reached.
    """
    largest = jnp.max(jnp.abs(scaled))
    return jnp.where(largest < 1, 0, largest)
