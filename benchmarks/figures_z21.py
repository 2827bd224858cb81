"""The figures of [Z21], as PNG and PDF files; those of [F22] are made by figures.py.

Figures 1 to 5, 7 to 11 and 15, with MNIST and horses of CIFAR-10 for images. The samples of
Figures 2, 7, 10 and 11 are those that image_gans.py left beside its table; what it has not
made is left out. Figure 5's network is narrower than [Z21]'s and sees fewer images.
Figure 8 gives each method the same time, two minutes in place of three hours. Some need
the images in ../../shared/data and are left out where they are absent.
"""

import warnings
from functools import partial
from pathlib import Path

import numpy as np
import optax
from _common import options, print_machine
from figures import add_arguments, draw_all, panels
from gantk_mnist import COMMON, KERNELS, STEPS, digits, hidden_layer
from gantk_mnist import FILE as MNIST
from image_gans import GANS, OURS, REAL, file_of_samples
from neural_generator import CRITIC, GRID, METHODS
from sklearn.model_selection import ShuffleSplit

from skgantk.datasets import make_eight_gaussians, make_grid_gaussians, make_lines
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKLSGANDiscriminator,
    stack_samples,
)
from skgantk.generators import GANTKSynthesizer, NeuralGenerator
from skgantk.inspection import ImageGridDisplay, SearchDisplay
from skgantk.inspection._common import FAKE as ORANGE
from skgantk.inspection._common import REAL as BLUE
from skgantk.losses import LSGAN
from skgantk.metrics import frechet_distance, mode_coverage, neg_wasserstein_scorer
from skgantk.model_selection import GeometricSearchCV, search_lambda

RESULTS = Path(__file__).parent / "results" / "image_gans_cpu.csv"
# Infinite and finite discriminators of GA-NTK: labels 1 and 0, [Z21]'s variances.
LABELS = {"real": 1.0, "fake": 0.0, "generator": 1.0}
NETWORK = {
    "loss": LSGAN(**LABELS),
    "weight_std": 1.4615**0.5,
    "bias_std": 0.1**0.5,
    "output_bias": True,
    "antisymmetric": False,
}
ANGLE = 2 * np.pi * np.arange(8) / 8
CIRCLE = 0.5 + 0.4 * np.column_stack([np.cos(ANGLE), np.sin(ANGLE)])
MIXTURES = {  # a function, the centres and the standard deviation
    "8 Gaussians": (
        partial(make_eight_gaussians, radius=0.4, noise=0.002**0.5, centre=(0.5, 0.5)),
        CIRCLE,
        0.002**0.5,
    ),
    "25 Gaussians": (make_grid_gaussians, GRID, 0.0005**0.5),
}


# Figure 1


def boundaries_on_the_line(args):
    """D and its slope: a GAN's network by training time, and GA-NTK with its networks."""
    real, fake = make_lines()
    x = np.linspace(-2.6, 2.6, 400)[:, None]
    figure, axes = panels(2, 2, width=5.0, height=2.7)
    for column, curves in zip(axes.T, (curves_of_a_gan, curves_of_gantk)):
        for D, slope, style in curves(real, fake, x, args):
            column[0].plot(x, D, **style)
            column[1].semilogy(x, np.maximum(slope, 1e-12), **style)
        for ax in column:
            below = {"linestyle": "", "transform": ax.get_xaxis_transform()}
            ax.plot(fake, 0 * fake + 0.05, "o", color=ORANGE, label="fake", **below)
            ax.plot(real, 0 * real + 0.05, "x", color=BLUE, label="real", **below)
            ax.set_xlim(x[0, 0], x[-1, 0])
    axes[0, 0].set(title="GAN: one network, cross-entropy", ylabel="D(x)")
    axes[0, 1].set_title("GA-NTK: a mean of networks, least squares")
    axes[1, 0].set_ylabel("slope |D′(x)|")
    for row, limits in zip(axes, ((-0.45, 1.45), (1e-7, 30))):
        for ax in row:
            ax.set_ylim(*limits)
    for ax in axes[1]:
        ax.set_xlabel("x")
    for ax in axes[:, 1]:
        ax.tick_params(labelleft=False)
    for ax in axes[0]:
        ax.tick_params(labelbottom=False)
        ax.legend(loc="upper left", fontsize="small", framealpha=1)
    return figure


def curves_of_a_gan(real, fake, x, args):
    network = FiniteWidthDiscriminator(
        loss="vanilla", antisymmetric=False, warm_start=True, random_state=0
    )
    done = 0
    for steps, grey in zip((100, 1000, 10_000), ("0.7", "0.45", "0.0")):
        steps = steps // 100 if args.quick else steps
        network.set_params(max_iter=steps - done).fit(*stack_samples(real, fake))
        D = 1 / (1 + np.exp(-network.decision_function(x)))
        slope = np.abs(D * (1 - D) * network.gradient(x)[:, 0])
        done = steps
        yield D, slope, {"color": grey, "label": f"{steps:_} steps".replace("_", " ")}


def curves_of_gantk(real, fake, x, args):
    kernel = KERNELS["GA-FNTK"]
    lam = search_lambda(real, fake, kernel=kernel, epsilon=0.01)
    time, rate = lam * len(real) / 2, 0.01  # λ = 4τw
    for k in range(2 if args.quick else 8):
        network = FiniteWidthDiscriminator(
            (512, 512), learning_rate=rate, max_iter=round(time / rate), random_state=k,
            **NETWORK,
        ).fit(*stack_samples(real, fake))  # fmt: skip
        style = {"color": "0.7", "linewidth": 0.7}
        style["label"] = "_" if k else "8 networks, width 512"
        D, slope = network.decision_function(x), np.abs(network.gradient(x)[:, 0])
        yield D, slope, style
    mean = NTKLSGANDiscriminator(kernel, time, **LABELS).fit(*stack_samples(real, fake))
    slope = np.abs(mean.gradient(x)[:, 0])
    yield mean.decision_function(x), slope, {"color": "black", "label": "infinite width"}


# Figures 2, 7 and 10 to 12


def samples_by_method(data, shape, args):
    """From the samples of image_gans.py, of 64 images; None where there are none."""
    files = {
        name: file_of_samples(args.images, data, 64, name)
        for name in (REAL[0], *OURS, *GANS)
    }
    files = {name: file for name, file in files.items() if file.exists()}
    if not files:
        return None
    rows = 1 if len(files) < 5 else 2
    figure, axes = panels(rows, -(-len(files) // rows), width=2.4, height=2.7)
    for ax, (name, file) in zip(axes.flat, files.items()):
        ImageGridDisplay.from_samples(np.load(file), shape, value_range=(0, 255), ax=ax)
        ax.set_title(name)
    for ax in axes.flat[len(files) :]:
        ax.set_axis_off()
    return figure


# Figure 3

STAGES = 0, 0.07, 0.14, 0.2, 0.4, 1  # shares of the steps at which images are shown


class Snapshots:
    """A callback of scikit-learn that keeps the samples of every check."""

    def __init__(self):
        self.samples = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.parent is None:
            self.samples.append(estimator.samples_)

    def on_fit_task_end(self, estimator, context):
        if context.parent is not None:
            self.samples.append(estimator.samples_)


def loss_and_quality(args):
    n, n_steps = (16, 20) if args.quick else (256, STEPS["GA-CNTK"])
    images, labels = digits()
    features = hidden_layer(images[6000:], labels[6000:])
    real, kept = features(images[2000:6000]), Snapshots()
    synthesizer = GANTKSynthesizer(KERNELS["GA-CNTK"], max_iter=n_steps, **COMMON)
    synthesizer.set_callbacks(kept).fit(images[:n])
    steps = np.array(synthesizer.loss_iter_)
    shown = sorted({round(share * (len(steps) - 1)) for share in STAGES})
    distances = [frechet_distance(features(Z), real) for Z in kept.samples]
    figure, axes = stages(len(shown))
    curves = {"loss": synthesizer.loss_curve_, "Fréchet distance": distances}
    for ax, (name, values), color in zip(axes[0], curves.items(), (ORANGE, BLUE)):
        ax.plot(steps, values, color=color, marker="o", markevery=shown)
        ax.set(ylabel=name, xlabel="step")
        ax.set_ylim(bottom=0)
    for ax, k in zip(axes[1], shown):
        Z = kept.samples[k][:16]
        ImageGridDisplay.from_samples(Z, (28, 28), value_range=(0, 1), ax=ax)
        ax.set_title(f"step {steps[k]}")
    return figure


def stages(n):
    """A figure with two curves beside each other above n squares."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(2 * n, 5.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[3, 2.2])
    return figure, (above.subplots(1, 2), below.subplots(1, n))


# Figures 4 and 9


def gan(loss, **critic):
    """Settings of a GAN for points, with one optimiser and rate for all."""
    critic = {"max_iter": 1, **critic}
    network = FiniteWidthDiscriminator(
        loss=loss, weight_std=2**0.5, optimizer=optax.adam(1.0, b1=0.5),
        learning_rate=1e-2, **{**CRITIC, **critic},
    )  # fmt: skip
    return {"discriminator": network, "learning_rate": 1e-3}


POINTS = {
    "GAN": gan("vanilla"),
    "LSGAN": gan("lsgan"),
    "WGAN": METHODS["WGAN"],
    "WGAN-GP": METHODS["WGAN-GP"],
    "GA-FNTK": None,
}


def modes_by_method(args):
    """1000 steps of each, as many samples as data."""
    n, n_steps = (64, 3) if args.quick else (500, 1000)
    figure, axes = panels(len(MIXTURES), len(POINTS), width=2.5, height=2.8)
    for row, (data, (make, centres, std)) in zip(axes, MIXTURES.items()):
        X = make(n, random_state=0)[0].astype(np.float32)
        for ax, (name, settings) in zip(row, POINTS.items()):
            kind = GANTKSynthesizer if settings is None else NeuralGenerator
            generator = kind(max_iter=n_steps, random_state=0, **(settings or {})).fit(X)
            Z = generator.sample(n, random_state=0)
            coverage = mode_coverage(Z, centres, radius=3 * std)
            ax.scatter(*X.T, s=4, color=BLUE, marker="x", linewidth=0.5, label="real")
            ax.scatter(*Z.T, s=5, color=ORANGE, linewidth=0, label="fake")
            modes = f"{coverage.n_covered} of {len(centres)} modes"
            title = f"{name}\n{modes}, {coverage.high_quality:.0%} in them"
            ax.set_title(title, fontsize="medium")
            ax.set(xlim=(-0.1, 1.1), ylim=(-0.1, 1.1), aspect="equal", xticks=[], yticks=[])
        row[0].set_ylabel(data)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, markerscale=3)
    return figure


# Figure 5

RATE = 1.0  # of the steps of Z
GRADIENTS = {
    "network": {"label": "one network, ∇(1 − f(z))²", "color": ORANGE},
    "limit": {"label": "infinite width, ∇(1 − f(z))²", "color": BLUE},
    "Eq. 4": {"label": "infinite width, all of Eq. 4's", "color": "black", "ls": "--"},
}


def gradients_of_digits(args):
    """Of what moves noise towards digits: by training time, and as the noise moves."""
    n, longest, n_steps = (8, 64, 3) if args.quick else (16, 65_536, 60)
    X = digits()[0][:n].astype(np.float64)
    Z = np.random.default_rng(0).uniform(size=X.shape)
    times, rate = 4 ** np.arange(1 + round(np.log(longest) / np.log(4))), 0.01
    network = network_for_digits(rate)
    by_time = {
        "network": [trained(network, X, Z, t).generator_gradient(Z) for t in times],
        "limit": [limit(X, Z, rate * t).generator_gradient(Z) for t in times],
        "Eq. 4": [descent(X, Z, rate * t, 1)[0] for t in times],
    }
    by_step = {
        "network": descent_by(network.generator_gradient, Z, n_steps),
        "Eq. 4": descent(X, Z, rate * longest, n_steps),
    }
    figure, axes = panels(1, 2, width=4.6, height=3.6)
    for ax, x, curves in zip(axes[0], (times, np.arange(n_steps)), (by_time, by_step)):
        for name, gradients in curves.items():
            norms = [np.median(np.linalg.norm(g, axis=1)) for g in gradients]
            ax.semilogy(x, norms, **GRADIENTS[name])
        ax.set_ylim(1e-8, 10)
    axes[0, 0].set(xscale="log", xlabel="training steps of D", ylabel="norm of gradient")
    axes[0, 1].tick_params(labelleft=False)
    axes[0, 1].set(xlabel=f"steps of Z, with D after {longest} of its own")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


def network_for_digits(rate):
    return FiniteWidthDiscriminator(
        image_shape=(28, 28, 1), channels=(16, 32), hidden_layer_sizes=(128,),
        learning_rate=rate, warm_start=True, random_state=0, **NETWORK,
    )  # fmt: skip


def trained(network, X, Z, steps):
    """The network after so many steps in all."""
    rest = int(steps) - getattr(network, "n_iter_", 0)
    return network.set_params(max_iter=rest).fit(*stack_samples(X, Z))


def limit(X, Z, time):
    kernel = KERNELS["GA-CNTK"]
    return NTKLSGANDiscriminator(kernel, time, **LABELS).fit(*stack_samples(X, Z))


def descent(X, Z, time, n_steps):
    """The gradients of ‖1 - D‖² along GA-NTK's descent, K's part in them included."""
    kept, share = Snapshots(), RATE * 2 * len(X)  # of the mean over all points
    GANTKSynthesizer(
        KERNELS["GA-CNTK"], lam=2 * time / len(X), objective="squared_error",
        similarity_penalty=0, continuation=False, standardize=False, optimizer="gradient",
        learning_rate=share, decay=False, max_iter=n_steps, check_every=1, init=Z,
    ).set_callbacks(kept).fit(X)  # fmt: skip
    return -np.diff(kept.samples, axis=0) / RATE


def descent_by(gradient, Z, n_steps):
    """The gradients along the descent of a discriminator that stays as it is."""
    gradients = []
    for _ in range(n_steps):
        gradients.append(gradient(Z))
        Z = Z - RATE * gradients[-1]
    return gradients


# Figure 8

LAMBDA = "GA-FNTK"  # its search starts at Algorithm 1's λ
SEARCHED = {  # what the others are searched in, from METHODS' values
    "WGAN": ["discriminator__weight_clip", "discriminator__learning_rate", "learning_rate"],
    "WGAN-GP": [
        "discriminator__gradient_penalty",
        "discriminator__learning_rate",
        "learning_rate",
    ],
}


def searches_in_equal_time(args):
    """Algorithm 2's distances of held-out points, of all that each method tries."""
    n, seconds = (32, 0.1) if args.quick else (512, args.search_seconds)
    figure, axes = panels(2, len(MIXTURES), width=5.5, height=3.2)
    for (above, below), (name, (make, _, _)) in zip(axes.T, MIXTURES.items()):
        X = make(n, random_state=0)[0].astype(np.float32)
        found, searches = {}, starts_of_searches(X[: n // 2], args.quick)
        for method, (generator, params) in searches.items():
            search = GeometricSearchCV(
                generator,
                params,
                time_budget=seconds,
                scoring=neg_wasserstein_scorer,
                cv=ShuffleSplit(3, test_size=0.5, random_state=0),
                refit=False,
            ).fit(X)
            distances = -search.cv_results_["mean_test_score"]
            found[method] = distances[np.isfinite(distances)]
            if method == LAMBDA:
                curve_of_lambda(search, params["lam"], above)
        above.set_title(name)
        distributions(found, below)
    return figure


def starts_of_searches(X, quick):
    """Of each method the generator, and the starts of what is searched."""
    start = GANTKSynthesizer(max_iter=1, random_state=0).fit(X).lam_
    searches = {LAMBDA: (GANTKSynthesizer(random_state=0), {"lam": start})}
    for method, names in SEARCHED.items():
        generator = NeuralGenerator(
            max_iter=2 if quick else 1000, random_state=0, **METHODS[method]
        )
        values = generator.get_params()
        searches[method] = generator, {name: float(values[name]) for name in names}
    return searches


def curve_of_lambda(search, start, ax):
    SearchDisplay.from_estimator(
        search,
        "lam",
        score_name="Wasserstein distance",
        negate_score=True,
        fill_between_kw={"label": "± one standard deviation"},
        ax=ax,
    )
    ax.axvline(start, color="0.3", linestyle=":", label="λ of Algorithm 1")
    ax.legend(loc="lower left")
    ax.set(xlabel="λ of GA-FNTK")
    ax.set_ylim(bottom=0)


def distributions(found, ax):
    """A row of points for each method, with its median."""
    rng = np.random.default_rng(0)
    for row, (method, distances) in enumerate(found.items()):
        jitter = rng.uniform(-0.25, 0.25, len(distances))
        color = ORANGE if method == LAMBDA else BLUE
        ax.scatter(distances, row + jitter, s=14, color=color, alpha=0.7)
        ax.plot([np.median(distances)] * 2, [row - 0.35, row + 0.35], color="black")
    ax.set_yticks(range(len(found)), [f"{m}\n{len(d)} tried" for m, d in found.items()])
    ax.set_xlabel("Wasserstein distance")
    ax.set_xlim(left=0)
    ax.invert_yaxis()


# Figure 15


def nearest_images(args):
    X = digits()[0][: 16 if args.quick else 256]
    figure, axes = panels(1, len(KERNELS), width=6.0, height=6.0)
    for ax, (name, kernel) in zip(axes[0], KERNELS.items()):
        n_steps = 2 if args.quick else STEPS[name]
        synthesizer = GANTKSynthesizer(kernel, max_iter=n_steps, **COMMON).fit(X)
        ImageGridDisplay.from_estimator(
            synthesizer,
            (28, 28),
            X,
            n_samples=min(32, len(X)),
            random_state=0,
            value_range=(0, 1),
            ax=ax,
        )
        ax.set_title(name)
    return figure


# By the name of the file: the figure, what draws it, and the files that it needs.
FIGURES = {
    "z21_fig1": (boundaries_on_the_line, None),
    "z21_fig2_mnist": (partial(samples_by_method, "MNIST", (28, 28)), None),
    "z21_fig2_horses": (partial(samples_by_method, "CIFAR-10 horses", (32, 32, 3)), None),
    "z21_fig3": (loss_and_quality, MNIST),
    "z21_fig4": (modes_by_method, None),
    "z21_fig5": (gradients_of_digits, MNIST),
    "z21_fig8": (searches_in_equal_time, None),
    "z21_fig15": (nearest_images, MNIST),
}


def add_all_arguments(parser):
    add_arguments(parser, FIGURES)
    parser.add_argument("--images", type=Path, default=RESULTS, help="of image_gans.py")
    parser.add_argument("--search_seconds", type=float, default=120.0)


if __name__ == "__main__":
    args = options(__doc__, add_all_arguments)
    warnings.simplefilter("ignore")  # of copies, which the nearest images show
    print_machine()
    draw_all(FIGURES, args)
