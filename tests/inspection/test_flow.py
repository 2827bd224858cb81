import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KernelDensity

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.inspection import FlowDisplay
from skgantk.kernels import RBF

X = np.random.default_rng(0).normal(size=(12, 2)) + [3.0, 0.0]


def fitted(**params):
    params = {"max_iter": 6, "check_every": 2, "n_snapshots": 4, **params}
    discriminator = NTKIPMDiscriminator(RBF())
    return ParticleFlowGenerator(discriminator, random_state=0, **params).fit(X)


def test_data_are_those_of_the_flow():
    flow = fitted()
    display = FlowDisplay.from_estimator(flow, X)
    assert_array_equal(display.trajectories, flow.snapshots_)
    assert_array_equal(display.steps, [0, 2, 4, 6])
    assert_array_equal(display.X, X)


def test_the_end_is_where_the_particles_are_kept():
    """It may lie after the last snapshot or, with early stopping, before it."""
    flow = fitted(max_iter=5, n_snapshots=3)
    display = FlowDisplay.from_estimator(flow)
    assert_array_equal(display.steps, [0, 4, 5])
    assert_array_equal(display.trajectories[-1], flow.particles_)
    early = {"early_stopping": True, "learning_rate": 8.0}
    flow = fitted(max_iter=400, n_snapshots=200, init="normal", **early)
    assert 0 < flow.n_iter_ < flow.snapshot_iter_[-1]
    display = FlowDisplay.from_estimator(flow)
    assert_array_equal(display.steps, np.arange(0, flow.n_iter_ + 1, 2))
    assert_array_equal(display.trajectories[-1], flow.particles_)
    assert_array_equal(display.trajectories[:-1], flow.snapshots_[: len(display.steps) - 1])


def test_artists():
    flow = fitted()
    display = FlowDisplay.from_estimator(flow, X)
    segments = display.lines_.get_segments()
    assert len(segments) == len(X)
    assert_array_equal(segments, flow.snapshots_.swapaxes(0, 1))
    assert_array_equal(display.start_.get_offsets(), flow.snapshots_[0])
    assert_array_equal(display.end_.get_offsets(), flow.particles_)
    assert_array_equal(display.data_.get_offsets(), X)
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["particles, step 0", "data", "particles, step 6"]
    assert display.ax_.get_aspect() == 1
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("x₁", "x₂")
    styled = FlowDisplay.from_estimator(
        flow, ax=display.ax_, line_kw={"colors": "red", "lw": 2}, end_kw={"c": "k"}
    )
    assert styled.ax_ is display.ax_
    assert styled.data_ is None
    assert_array_equal(styled.lines_.get_linewidths(), 2)
    assert_array_equal(styled.lines_.get_colors(), [[1, 0, 0, 0.7]])


@pytest.mark.parametrize("data", [X, None])
def test_the_animation_shows_every_step(data, tmp_path):
    from PIL import Image

    flow = fitted()
    display = FlowDisplay.from_estimator(flow, data)
    animation = display.animate(interval=200, particle_kw={"s": 50})
    seen = []
    animation.save(
        tmp_path / "flow.gif",
        writer="pillow",
        progress_callback=lambda *_: seen.append(
            (display.ax_.get_title(loc="right"), moving(display).get_offsets().copy())
        ),
    )
    assert [title for title, _ in seen] == [f"step {k}" for k in (0, 2, 4, 6)]
    assert_array_equal([points for _, points in seen], flow.snapshots_)
    with Image.open(tmp_path / "flow.gif") as picture:
        assert picture.n_frames == 4
        assert picture.info["duration"] == 200
    (left, right), (low, high) = display.ax_.get_xlim(), display.ax_.get_ylim()
    inside = (flow.snapshots_ > [left, low]) & (flow.snapshots_ < [right, high])
    assert inside.all()
    assert (display.data_ is None) == (data is None)


def moving(display):
    """The particles of an animation."""
    return display.ax_.collections[-1]


def test_bad_input():
    with pytest.raises(NotFittedError, match="not fitted"):
        FlowDisplay.from_estimator(ParticleFlowGenerator())
    with pytest.raises(ValueError, match="fit it with n_snapshots"):
        FlowDisplay.from_estimator(fitted(n_snapshots=0, max_iter=1))
    other = KernelDensity().fit(X)
    with pytest.raises(ValueError, match="kept no snapshots"):
        FlowDisplay.from_estimator(other)
    other.fit(np.column_stack([X, X[:, 0]]))
    with pytest.raises(ValueError, match="draws points of 2 features, and these have 3"):
        FlowDisplay.from_estimator(other)
    with pytest.raises(ValueError, match="draws points of 2 features, and these have 1"):
        FlowDisplay.from_estimator(fitted(max_iter=1), X[:, :1])
