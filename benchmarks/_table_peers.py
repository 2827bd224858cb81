"""Other makers of table rows, on the columns that `TableEncoder` finds.

Each takes and returns coordinates as the encoder has them, so that all are decoded alike:
on the grid, between least and greatest. Trees and SMOTE get a category as one column of
codes, not as a coordinate for each level, and a missing number as its median beside an
indicator that is a category.
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

LEAF = 5  # rows at least, as of synthpop and arfpy


def columns(encoder):
    """(coordinates, whether a category) of what trees take for one column."""
    for block in encoder._blocks:
        start, width = block.columns.start, block.kind.width
        if hasattr(block.kind, "hole"):
            yield slice(start, start + 1), False
            yield slice(start + 1, start + 2), True
        elif width:
            labelled = width > 1 or getattr(block.kind, "position", None) is not None
            yield block.columns, labelled


def to_codes(Z, parts):
    """Numbers, and categories as integers, by column."""
    return np.column_stack(
        [Z[:, c].argmax(1) if c.stop - c.start > 1 else Z[:, c.start] for c, _ in parts]
    )


def to_coordinates(codes, parts, width):
    Z = np.zeros((len(codes), width))
    for values, (c, _) in zip(codes.T, parts):
        k = c.stop - c.start
        Z[:, c] = np.eye(k)[values.astype(int)] if k > 1 else values[:, None]
    return Z


def smote(Z, parts, n, seed):
    """SMOTE, SMOTENC or SMOTEN: n rows of the rarer class of two, which is Z."""
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    codes, labelled = to_codes(Z, parts), [flag for _, flag in parts]
    X = np.concatenate([codes, np.tile(codes[:1], (len(Z) + n, 1))])
    y = np.repeat([1, 0], [len(Z), len(Z) + n])
    if all(labelled):
        sampler = SMOTEN(random_state=seed)
    elif any(labelled):
        sampler = SMOTENC(labelled, random_state=seed)
    else:
        sampler = SMOTE(random_state=seed)
    return to_coordinates(sampler.fit_resample(X, y)[0][len(X) :], parts, Z.shape[1])


def cart(Z, parts, n, seed):
    """Sequential trees, as synthpop has them: a value from the leaf of those before it."""
    rng = np.random.RandomState(seed)
    codes = to_codes(Z, parts)
    made = np.empty((n, len(parts)))
    for j, (c, labelled) in enumerate(parts):
        if not j:
            made[:, 0] = rng.choice(codes[:, 0], n)
            continue
        Tree = DecisionTreeClassifier if labelled else DecisionTreeRegressor
        tree = Tree(min_samples_leaf=LEAF, random_state=rng)
        known = Z[:, : c.start]
        tree.fit(known, codes[:, j])
        leaves = tree.apply(known)
        there = tree.apply(to_coordinates(made[:, :j], parts[:j], c.start))
        for leaf in np.unique(there):
            at = there == leaf
            made[at, j] = rng.choice(codes[leaves == leaf, j], at.sum())
    return to_coordinates(made, parts, Z.shape[1])


def adversarial_forest(Z, parts, n, seed):
    """arfpy (Watson, Blesch, Kapar and Wright 2023) with its defaults."""
    from arfpy import arf

    vars(np).setdefault("in1d", np.isin)  # arfpy 0.1.1 asks for it, NumPy 2.4 has it not
    np.random.seed(seed)  # noqa: NPY002, arfpy draws from the global generator
    frame = pd.DataFrame(to_codes(Z, parts))  # arfpy looks up positions as names
    for name, (_, labelled) in zip(frame, parts):
        if labelled:
            frame[name] = frame[name].astype(int).astype("category")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = arf.arf(frame, verbose=False, random_state=seed)
        model.forde()
        made = model.forge(n).astype(float).to_numpy()
    return to_coordinates(made, parts, Z.shape[1])
