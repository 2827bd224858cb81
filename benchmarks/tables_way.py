"""Cells of Tables 1–3 of [F22] that are far from what is printed: how they come there.

The Sinkhorn divergence to the training points at every tenth of the steps, and the share of
the steps at which it is first no more than what is printed. Variants change one thing:
the bias of the kernel, the step, or the kernel for that of neural-tangents, by the usual
formula in float32, which takes a tenth of the steps. The training of finite networks is
chaotic: another seed, or another rounding, ends elsewhere.
"""

import numpy as np
from _common import Results, options
from tables import COLUMNS, IMAGES, PRINTED, STEPS, flow_of

from skgantk.kernels import NTK, NeuralTangentsKernel, import_neural_tangents
from skgantk.metrics import sinkhorn_divergence

TENTHS = 10
PEER = "neural-tangents"
CELLS = {  # seeds and variants
    ("8 Gaussians", "IPM (inf.)", "sigmoid"): ([0], ["", "bias 1", PEER]),
    ("Density", "LSGAN (inf.)", "sigmoid"): ([0], ["", "bias 1", "bias 0.447"]),
    ("Density", "LSGAN (inf.)", "RBF"): ([0], [""]),
    ("Density", "LSGAN", "ReLU"): (range(10), [""]),
    ("8 Gaussians", "LSGAN", "sigmoid"): (range(3), ["", "step 0.1", "step 0.001"]),
    ("8 Gaussians", "IPM", "ReLU, no bias"): (range(4), [""]),
}


def usual_kernel(bias_std=0.2):
    """Of the sigmoid network, as neural-tangents has it."""
    stax = import_neural_tangents().stax
    hidden = [stax.Dense(1, 1.0, bias_std), stax.Sigmoid_like()] * 3
    return NeuralTangentsKernel(stax.serial(*hidden, stax.Dense(1, 1.0))[2])


def change(flow, variant):
    """The parameters of a flow that a variant changes."""
    what, _, value = variant.partition(" ")
    if what == "bias":
        return {"discriminator__kernel": NTK(activation="sigmoid", bias_std=float(value))}
    if what == "step":
        return {"learning_rate": flow.learning_rate * float(value)}
    return {"discriminator__kernel": usual_kernel()} if what == PEER else {}


def way(data, method, network, seed, variant, tenth):
    """The distances after every tenth of the steps, and where they pass what is printed."""
    flow, X = flow_of(data, method, network, seed)
    tenths = 1 if variant == PEER else TENTHS
    flow.set_params(
        max_iter=tenths * tenth,
        n_snapshots=10 * tenths + 1,
        check_every=max(tenth // 10, 1),
        **change(flow, variant),
    ).fit(X)
    distances = np.array([sinkhorn_divergence(Z, X) for Z in flow.snapshots_])
    printed = PRINTED[data, method][COLUMNS.index(network)]
    passed = np.flatnonzero(distances <= printed)
    share = flow.snapshot_iter_[passed[0]] / (TENTHS * tenth) if len(passed) else None
    ends = np.isin(flow.snapshot_iter_, tenth * np.arange(1, tenths + 1))
    return printed, share, *distances[ends]


def add_arguments(parser):
    parser.add_argument("--data", nargs="+", default=list(STEPS), choices=list(STEPS))


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    results = Results(args)
    case = {"data": 13, "method": 14, "network": 15, "seed": 6, "variant": 17}
    tenths = {f"distance {10 * (k + 1)} %": ".2e" for k in range(TENTHS)}
    results.heads(case, {"printed": ".2e", "share at printed": ".2f", **tenths})
    for cell, (seeds, variants) in CELLS.items():
        data = cell[0]
        if data not in args.data or (data != "8 Gaussians" and not IMAGES.exists()):
            continue
        for variant in variants[:1] if args.quick else variants:
            for seed in seeds[:1] if args.quick else seeds:
                tenth = 1 if args.quick else STEPS[data] // TENTHS
                results.row(*cell, seed, variant, *way(*cell, seed, variant, tenth))
