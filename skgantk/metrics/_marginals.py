"""Distributions of single columns, to be drawn side by side."""

import numpy as np

FEW = 12  # distinct numbers at most that have a bar each
BINS = 20
MIDDLE = (0.005, 0.995)  # quantiles between which the real numbers are drawn
SHOWN = 8  # levels at most; the rarest become one


def marginal(columns):
    """Shares of levels or bins of the same column of several tables.

    Parameters
    ----------
    columns : dict of str to Column
        By the names of the tables; the first is real.

    Returns
    -------
    marginal : dict
        ``name``; ``levels``, a list of str, or ``edges``, a list of numbers or of times in
        ISO format; ``shares``, by table, of all rows, values beyond the edges in the first
        and last bin; ``missing``, by table, of numbers.
    """
    first = next(iter(columns.values()))
    split = _numbers if first.numeric else _levels
    return {"name": str(first.name), **split(columns)}


def _levels(columns):
    first = next(iter(columns.values()))
    counts = {t: np.bincount(c.values, minlength=len(c.levels)) for t, c in columns.items()}
    names = ["missing" if level is None else str(level) for level in first.levels]
    order = np.argsort(-next(iter(counts.values())), kind="stable")
    shown = order if len(order) <= SHOWN + 1 else order[:SHOWN]
    shown, rest = np.sort(shown), np.setdiff1d(order, shown)
    names = [names[i] for i in shown] + [f"{len(rest)} others"] * bool(len(rest))
    shares = {}
    for title, own in counts.items():
        kept = own[shown].tolist() + [int(own[rest].sum())] * bool(len(rest))
        shares[title] = [count / own.sum().item() for count in kept]
    return {"levels": names, "shares": shares}


def _numbers(columns):
    missing = {title: c.missing for title, c in columns.items()}
    known = {title: c.values[~missing[title]] for title, c in columns.items()}
    first = next(iter(columns.values()))
    distinct = np.unique(np.concatenate(list(known.values())))
    few = len(distinct) <= FEW
    if few:
        edges = np.append((distinct[1:] + distinct[:-1]) / 2, np.inf)
        edges = np.insert(edges, 0, -np.inf)
    else:
        edges = _edges(next(iter(known.values())), distinct)
    shares = {}
    for title, values in known.items():
        counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
        shares[title] = (counts / len(missing[title])).tolist()
    labels = _as_times(distinct if few else edges, first)
    return {
        "levels" if few else "edges": [_shown(v) for v in labels] if few else labels,
        "shares": shares,
        "missing": {title: float(gone.mean()) for title, gone in missing.items()},
    }


def _edges(known, distinct):
    """Bins of the middle of the real numbers, of whole ones at halves."""
    low, high = np.quantile(known, MIDDLE) if len(known) else (0.0, 0.0)
    if low == high:
        low, high = distinct[0], distinct[-1]
    if np.array_equal(distinct, np.rint(distinct)):
        width = np.ceil((high - low + 1) / BINS)
        return np.arange(np.floor(low), np.ceil(high) + width + 0.5, width) - 0.5
    return np.linspace(low, high, BINS + 1)


def _as_times(numbers, column):
    """Numbers, or the times that they count in ISO format."""
    if column.time is None or column.time.startswith("timedelta"):
        return numbers.tolist()
    unit = np.datetime_data(column.time)[0]
    return [str(np.datetime64(round(number) + column.origin, unit)) for number in numbers]


def _shown(value):
    return value if isinstance(value, str) else f"{value:.6g}"
