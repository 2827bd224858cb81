"""The figures of [F22], as PNG and PDF files; those of [Z21] are made by figures_z21.py.

Figures 1 to 7, flows of infinite width, in the paper's settings, beside the way and the
loss of a flow, all drawn by `skgantk.inspection`. Some need the images in ../../shared/data
and are left out where they are absent. Flows run as many steps as in [F22], but for images:
its 50 000 are hours on a CPU; there are 1000, with momentum and a greater step that falls
to 0, which add up to as much, on half as many digits and, in the place of CelebA, horses of
CIFAR-10. --steps makes all shorter.
"""

import io
import itertools
import time
from pathlib import Path

import joblib
import numpy as np
from _common import options, print_machine
from flow_convergence import DISCRIMINATORS, IMAGES, KERNELS, clouds, flow_from
from gantk_mnist import FILE as MNIST

from skgantk.datasets import load_images, make_lines
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKIPMDiscriminator,
    stack_samples,
)
from skgantk.generators import ParticleFlowGenerator
from skgantk.inspection import (
    DiracFieldDisplay,
    DiscriminatorDisplay,
    FlowDisplay,
    ImageGridDisplay,
    LossCurveDisplay,
)

OUT = Path(__file__).parents[1] / "doc" / "figures"
CIFAR = IMAGES / "cifar10_subset.npz"
# Figure 1: the discriminators of each loss by the width of the network; ε · max_iter = τ.
WIDTHS = {
    str(width): {
        name: FiniteWidthDiscriminator(
            [width] * 3, loss=name.lower(), learning_rate=0.1, max_iter=10, random_state=0
        )
        for name in DISCRIMINATORS
    }
    for width in (64, 128, 256, 512)
}
WIDTHS["∞"] = {name: kind() for name, kind in DISCRIMINATORS.items()}
STEPS = {"8 Gaussians": 20_000, "AB": 10_000, "Density": 10_000, "images": 1000}


def panels(rows, columns, width=4.0, height=3.6):
    """A figure, and its axes (rows, columns)."""
    import matplotlib.pyplot as plt

    size = width * columns, height * rows
    return plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)


def share_legend(figure, axes):
    """One legend below all axes, in the place of one of each."""
    handles, names = axes.flat[0].get_legend_handles_labels()
    kept = {name: handle for handle, name in zip(handles, names)}
    points = {name: kept.pop(name) for name in ("real", "fake")}
    kept |= points  # after the lines
    figure.legend(
        kept.values(),
        kept.keys(),
        loc="outside lower center",
        ncols=len(kept),
        frameon=False,
        markerscale=1.5,
    )
    for ax in axes.flat:
        ax.get_legend().remove()


def share_scale(figure, axes, displays):
    """The same greys for all discriminators, and one key to them."""
    from matplotlib.ticker import MaxNLocator

    values = np.concatenate([display.response.ravel() for display in displays])
    shades = {"levels": MaxNLocator(30).tick_values(values.min(), values.max())}
    for ax, display in zip(axes.flat, displays):
        title = ax.get_title()
        ax.clear()
        display.plot(ax=ax, surface_kw=shades, colorbar=False)
        ax.set_title(title)
    shared = {"ax": axes, "label": "c(f(x))", "aspect": 40, "ticks": MaxNLocator(8)}
    figure.colorbar(displays[0].surface_, **shared)


def key(figure, axes, cmap, label, least="least"):
    """To what runs in each panel from its least value, or 0, to its greatest."""
    from matplotlib.cm import ScalarMappable

    bar = figure.colorbar(ScalarMappable(cmap=cmap), ax=axes, label=label, aspect=40)
    bar.set_ticks([0, 1], labels=[least, "greatest"])
    bar.ax.yaxis.labelpad = -20


def discriminators_on_the_line(args):
    figure, axes = panels(1, len(DISCRIMINATORS), width=5.5)
    colors = np.linspace(0.8, 0.0, len(WIDTHS)).astype(str)
    for ax, loss in zip(axes[0], DISCRIMINATORS):
        X, y = stack_samples(*make_lines(interleaved=loss == "IPM"))
        for color, (width, discriminators) in zip(colors, WIDTHS.items()):
            DiscriminatorDisplay.from_estimator(
                discriminators[loss].fit(X, y),
                X,
                y,
                arrows="fake" if width == "∞" else None,
                grid_resolution=500,
                line_kw={"label": f"width {width}", "color": color},
                ax=ax,
            )
        ax.set_title(loss)
    share_legend(figure, axes)
    return figure


def discriminators_in_the_plane(args):
    target, _, start = clouds("Density", seed=0)
    X, y = stack_samples(real=target[:30], fake=start[:30])
    widths = list(WIDTHS)[-2:]
    figure, axes = panels(len(DISCRIMINATORS), len(widths), width=4.6, height=4.4)
    displays = []
    for row, loss in zip(axes, DISCRIMINATORS):
        for ax, width in zip(row, widths):
            fitted = WIDTHS[width][loss].fit(X, y)
            displays.append(
                DiscriminatorDisplay.from_estimator(fitted, X, y, bounds=(-1.2, 1.2), ax=ax)
            )
            ax.set_title(f"{loss}, width {width}")
    share_scale(figure, axes, displays)
    share_legend(figure, axes)
    return figure


def ends_of_flows(data, args):
    """Every loss and kernel, with c(f) in the end."""
    X, _, start = (cloud.astype(np.float32) for cloud in clouds(data, seed=0))
    figure, axes = panels(len(DISCRIMINATORS), len(KERNELS))
    cases = list(itertools.product(DISCRIMINATORS, KERNELS))
    ends = joblib.Parallel(n_jobs=-1)(  # a flow on few points does not fill two cores
        joblib.delayed(end_of_flow)(*case, X, start, args.steps or STEPS[data])
        for case in cases
    )
    everything = np.concatenate([X, start])
    for ax, (loss, name), particles in zip(axes.flat, cases, ends):
        # Near the target c(f) is less than the rounding of float32.
        last = stack_samples(X.astype(float), particles.astype(float))
        display = DiscriminatorDisplay.from_estimator(
            DISCRIMINATORS[loss](KERNELS[name]).fit(*last),
            arrows=None,
            bounds=(1.2 * everything.min(axis=0), 1.2 * everything.max(axis=0)),
            colorbar=False,
            ax=ax,
        )
        ax.set_title(f"{loss}, {name}")
    share_legend(figure, axes)
    key(figure, axes, display.surface_.get_cmap(), "c(f(x)) of each panel")
    return figure


def end_of_flow(loss, kernel, X, start, steps):
    """The particles."""
    return flow_from(start, loss, kernel, seed=0, max_iter=steps).fit(X).particles_


def flow_on_eight_gaussians(args):
    X, _, start = (cloud.astype(np.float32) for cloud in clouds("8 Gaussians", seed=0))
    n_steps = args.steps or 2000
    flow = ParticleFlowGenerator(
        learning_rate=2.0,
        decay=True,
        init=start,
        max_iter=n_steps,
        check_every=5,
        n_snapshots=n_steps,
        random_state=0,
    ).fit(X)
    figure, axes = panels(1, 2, width=5.5, height=5.0)
    FlowDisplay.from_estimator(flow, X, ax=axes[0, 0])
    LossCurveDisplay.from_estimator(flow, ax=axes[0, 1])
    return figure


def start_of_letters(args):
    target, _, start = clouds("AB", seed=0)
    discriminator = NTKIPMDiscriminator().fit(*stack_samples(real=target, fake=start))
    figure, axes = panels(1, 1, width=5.0, height=4.2)
    DiscriminatorDisplay.from_estimator(discriminator, arrows=None, ax=axes[0, 0])
    return figure


def horses(n):
    """Flattened images of [-1, 1]."""
    file = np.load(CIFAR)
    kind = list(file["names"]).index("horse")
    images = file["images"][(file["labels"] == kind) & ~file["test"]][:n]
    return images.reshape(n, -1).astype(np.float32) / 127.5 - 1


def flows_on_images(args):
    n_digits, n_horses = (40, 40) if args.quick else (512, 256)
    data = {
        "MNIST": (load_images(MNIST, n_digits, random_state=0)[0], (32, 32)),
        "CIFAR-10 horses": (horses(n_horses), (32, 32, 3)),
    }
    names = "RBF", "ReLU", "ReLU, no bias"
    figure, axes = panels(len(data), 1 + len(names), width=2.5, height=2.6)
    for row, (name, (X, shape)) in zip(axes, data.items()):
        clouds = {"training images": X}
        clouds |= {f"IPM, {k}": flow_onto(X, KERNELS[k], args) for k in names}
        for ax, (title, images) in zip(row, clouds.items()):
            shown = images[np.random.default_rng(0).permutation(len(images))[:25]]
            ImageGridDisplay.from_samples(shown, shape, value_range=(-1, 1), ax=ax)
            ax.set_title(title)
        row[0].set_ylabel(name)
    return figure


def flow_onto(X, kernel, args):
    """The particles of a flow onto images, from uniform noise."""
    flow = ParticleFlowGenerator(
        NTKIPMDiscriminator(kernel, training_time=1000.0),
        learning_rate=X.shape[1] / 1024,  # 0.1 in [F22]; momentum makes it 10 of 1
        optimizer="momentum",
        decay=True,
        init=lambda n, rng: rng.uniform(-1, 1, (n, X.shape[1])),
        max_iter=args.steps or STEPS["images"],
        check_every=1000,
        random_state=0,
    )
    return flow.fit(X).particles_


def dirac_fields(n_features, args):
    figure, axes = panels(len(DISCRIMINATORS), len(KERNELS))
    for row, (loss, kind) in zip(axes, DISCRIMINATORS.items()):
        for ax, (name, kernel) in zip(row, KERNELS.items()):
            display = DiracFieldDisplay.from_discriminator(
                kind(kernel), n_features, grid_resolution=5 if args.quick else 15,
                colorbar=False, ax=ax,
            )  # fmt: skip
            ax.set_title(f"{loss}, {name}")
    key(figure, axes, display.arrows_.get_cmap(), "length of step in each panel", least="0")
    return figure


# By the name of the file: the figure, what draws it, and the files that it needs.
FIGURES = {
    "f22_fig1_line": (discriminators_on_the_line, None),
    "f22_fig1_plane": (discriminators_in_the_plane, IMAGES / "density_a.png"),
    "f22_fig2": (lambda args: ends_of_flows("8 Gaussians", args), None),
    "f22_fig3": (lambda args: ends_of_flows("Density", args), IMAGES / "density_a.png"),
    "f22_fig4": (start_of_letters, IMAGES / "A.png"),
    "f22_fig5": (flows_on_images, CIFAR),
    "f22_fig6": (lambda args: dirac_fields(2, args), None),
    "f22_fig7": (lambda args: dirac_fields(512, args), None),
    "flow": (flow_on_eight_gaussians, None),
}


def add_arguments(parser, figures=FIGURES):
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the files")
    parser.add_argument("--only", nargs="+", default=list(figures), choices=list(figures))


def add_steps(parser):
    add_arguments(parser)
    parser.add_argument("--steps", type=int, help="of flows; default: [F22]'s")


def draw_all(figures, args):
    """Draw the figures asked for; one that returns None has nothing to draw from."""
    import matplotlib.pyplot as plt

    if args.quick:
        args.out = Path("out") / "figures-quick"
    args.out.mkdir(parents=True, exist_ok=True)
    print(f"{'figure':18}{'seconds':>9}  file")
    for name in args.only:
        draw, needs = figures[name]
        if needs is not None and not needs.exists():
            print(f"{name:18}{'':9}  left out: {needs.name} is not there")
            continue
        began = time.perf_counter()
        figure = draw(args)
        seconds = time.perf_counter() - began
        if figure is None:
            print(f"{name:18}{'':9}  left out: there is nothing to draw from")
            continue
        save(figure, args.out / name)
        plt.close(figure)
        print(f"{name:18}{seconds:9.1f}  {name}.png, {name}.pdf", flush=True)


def save(figure, path):
    """For print a PDF file, and a PNG file of 256 colours, a third of one of all."""
    from PIL import Image

    figure.savefig(path.with_suffix(".pdf"), metadata={"CreationDate": None})
    file = io.BytesIO()
    figure.savefig(file, dpi=110)
    picture = Image.open(file).convert("RGB")
    small = picture.quantize(256, dither=Image.Dither.NONE)
    small.save(path.with_suffix(".png"), optimize=True)


if __name__ == "__main__":
    args = options(__doc__, add_steps)
    if args.quick:
        args.steps = 5
    print_machine()
    draw_all(FIGURES, args)
