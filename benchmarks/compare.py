"""Compare two results of one benchmark: what took longer, more memory, or came out worse.

    python benchmarks/compare.py old.json new.json

Rows are matched by their cases. A line for every figure that got worse or better by more
than a share of the old one, with the ratio of the new to the old; the exit status is 1 if
any got worse. What is better says the first known word of a figure's name, if one does.
"""

import argparse
import json
import re
import sys
from pathlib import Path

LESS = """
    seconds s ms GiB MiB programs failed
    error difference lost distance energy Sinkhorn Fréchet AM-SSIM W1 W₁ W₂² ½W₂²
    class bias pairs columns MinMAE AvgMAE rank
""".split()
MORE = "modes quality coverage cover F1 R2 rate wins speed".split()
BRIEF = 1e-3  # seconds: shorter ones are noise


def loss(name, was, is_):
    """By how much a figure got worse, 0 if it is none of which less or more is better."""
    for word in re.split(r"[ ,/]+", name):
        if word in ("s", "seconds") and max(was, is_) < BRIEF:
            return 0
        if word in LESS or word in MORE:
            return is_ - was if word in LESS else was - is_
    return 0


def by_case(results):
    return {tuple(row["case"].items()): row["figures"] for row in results["rows"]}


def print_differences(old, new):
    """Of machines, versions and arguments."""
    for part in ("machine", "arguments"):
        for name in dict.fromkeys([*old[part], *new[part]]):
            before, after = old[part].get(name), new[part].get(name)
            if name != "date" and before != after:
                print(f"{part}: {name} was {before}, is {after}")


def print_changes(old, new, share):
    """And return how many figures got worse, and how many were compared."""
    n_worse = n_compared = 0
    for case in dict.fromkeys([*old, *new]):
        title = ", ".join(str(value) for _, value in case)
        if case not in old or case not in new:
            print(f"{'new' if case in new else 'missing':8}{title}")
            continue
        for name in [name for name in old[case] if name in new[case]]:
            was, is_ = old[case][name], new[case][name]
            n_compared += 1
            change = loss(name, was, is_)
            if abs(change) > share * abs(was):
                n_worse += change > 0
                ratio = f"{is_ / was:.2f}" if was else "-"
                verdict = "worse" if change > 0 else "better"
                print(f"{verdict:8}{title}: {name} {was:.4g} -> {is_:.4g}, ratio {ratio}")
    return n_worse, n_compared


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--share", type=float, default=0.1, help="by which it may change")
    args = parser.parse_args()
    old, new = (json.loads(path.read_text("utf-8")) for path in (args.old, args.new))
    print_differences(old, new)
    n_worse, n_compared = print_changes(by_case(old), by_case(new), args.share)
    print(f"{n_worse} of {n_compared} figures got worse by more than {args.share:.0%}.")
    sys.exit(n_worse > 0)
