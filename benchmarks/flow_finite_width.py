"""Tables 1-3 of [F22], rows of finite width: where flows against real networks end.

500 particles onto 500 points in float32, three hidden layers of width 128, one full-batch
step of the discriminator per step of the flow ([F22] App. D.3). "IPM" and "LSGAN" go on
from the network of the step before, "IPM, reset" starts from the same initialisation at
every step; LSGAN's is not antisymmetric. The Sinkhorn divergence to the training points is
what [F22] prints (which has no row for reset); ½W₂² is exact. AB and Density need the
images of [F22] in ../../shared/data and are left out where they are absent.
"""

import itertools
import time

import numpy as np
from _common import options, print_machine
from flow_convergence import IMAGES, clouds, half_square

from skgantk.discriminators import FiniteWidthDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.metrics import sinkhorn_divergence

NETWORKS = {
    "ReLU": {},
    "ReLU, no bias": {"bias_std": 0.0},
    "sigmoid": {"activation": "sigmoid", "bias_std": 0.2},
}
# ε, η per particle (η_paper / 500), and what the network is
METHODS = {
    "IPM": (0.01, 0.2, {"loss": "ipm", "warm_start": True}),
    "IPM, reset": (0.1, 2.0, {"loss": "ipm"}),
    "LSGAN": (0.1, 0.002, {"loss": "lsgan", "warm_start": True, "antisymmetric": False}),
}
PRINTED = {  # mean of three runs, in the order of NETWORKS
    ("8 Gaussians", "IPM"): (1.21e-1, 1.20, 7.40e-1),
    ("8 Gaussians", "LSGAN"): (3.07, 7.52, 7.41),
    ("Density", "IPM"): (5.02e-3, 9.25e-2, 3.06e-2),
    ("Density", "LSGAN"): (1.53e-2, 1.64e-1, 5.88e-2),
    ("AB", "IPM"): (2.75e-3, 3.65e-2, 1.25e-2),
    ("AB", "LSGAN"): (1.32e-1, 2.57e-2, 8.78e-2),
}


def run(data, method, network, steps, seed):
    """Sinkhorn divergence, ½W₂², milliseconds a step and the steps taken."""
    X, _, start = (cloud.astype("float32") for cloud in clouds(data, seed))
    rate, eta, settings = METHODS[method]
    flow = ParticleFlowGenerator(
        FiniteWidthDiscriminator(
            learning_rate=rate,
            max_iter=1,
            random_state=seed,
            **settings,
            **NETWORKS[network],
        ),
        learning_rate=eta * (1000 if network == "sigmoid" else 1),
        init=start,
        max_iter=1,
        check_every=1000,
        random_state=seed,
    ).fit(X)  # compiles
    began = time.perf_counter()
    flow.set_params(max_iter=steps).fit(X)
    milliseconds = 1e3 * (time.perf_counter() - began) / steps
    Z = flow.particles_
    return sinkhorn_divergence(Z, X), half_square(Z, X), milliseconds, flow.n_iter_


def report(data, method, network, steps, seeds):
    runs = np.array([run(data, method, network, steps, seed) for seed in seeds])
    mean, std = runs.mean(axis=0), runs.std(axis=0)
    printed = PRINTED.get((data, method))
    cell = f"{'':10}{'':8}"
    if printed:
        value = printed[list(NETWORKS).index(network)]
        cell = f"{value:10.2e}{mean[0] / value:8.2f}"
    print(
        f"{data:13}{method:12}{network:15}{mean[3]:7.0f}{len(seeds):6}{mean[0]:11.2e} ±"
        f"{std[0]:9.1e}{cell}{mean[1]:11.2e} ±{std[1]:9.1e}{mean[2]:9.2f}",
        flush=True,
    )


def add_arguments(parser):
    parser.add_argument("--data", nargs="+", default=["8 Gaussians", "AB", "Density"])
    parser.add_argument("--method", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument(
        "--network", nargs="+", default=list(NETWORKS), choices=list(NETWORKS)
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    print_machine()
    print(
        f"{'data':13}{'method':12}{'network':15}{'steps':>7}{'seeds':>6}"
        f"{'Sinkhorn':>22}{'printed':>10}{'ratio':>8}{'exact':>22}{'ms/step':>9}",
        flush=True,
    )
    if args.quick:
        args.data, args.method, args.network = ["8 Gaussians"], ["IPM"], ["ReLU"]
        args.seeds = [0]
    for data, method, network in itertools.product(args.data, args.method, args.network):
        steps = 20_000 if data == "8 Gaussians" else 10_000
        if data == "8 Gaussians" or IMAGES.exists():
            report(data, method, network, 3 if args.quick else steps, args.seeds)
