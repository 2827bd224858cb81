"""
New rows of a table
===================

A table as people have it: amounts, counts, categories, dates and holes. `TableSynthesizer`
learns it as it is and makes rows of the same columns, dtypes and values.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skgantk.generators import TableSynthesizer

# %%
# Flats of a town: prices depend on area and district, most old houses have no lift, and
# nobody knows when some of them were built.

rng = np.random.default_rng(0)
n = 400
district = rng.choice(["harbour", "old town", "hill", "meadow"], n, p=[0.4, 0.3, 0.2, 0.1])
area = np.round(rng.gamma(8, 8, n) + 20 + 25 * (district == "hill"))
level = pd.Series({"harbour": 9.0, "old town": 13.0, "hill": 16.0, "meadow": 7.5})
price = level[district].to_numpy() * area * np.exp(0.12 * rng.normal(size=n))
year = np.where(
    district == "old town", rng.integers(1700, 1900, n), rng.integers(1950, 2024, n)
)
flats = pd.DataFrame(
    {
        "district": pd.Categorical(district),
        "area": area.astype("int64"),
        "price": price.round(2),
        "parking": rng.binomial(2, np.where(district == "old town", 0.05, 0.4)),
        "lift": rng.random(n) < np.where(year < 1950, 0.1, 0.6),
        "built": pd.Series(year).mask(rng.random(n) < 0.15).astype("Int64"),
        "listed": pd.Timestamp("2025-01-01")
        + pd.to_timedelta(rng.integers(0, 365, n), "D"),
    }
)
samples = TableSynthesizer(random_state=0).fit(flats).sample(n, random_state=0)
print(samples.head())
print("same dtypes:", samples.dtypes.equals(flats.dtypes))
print("rows of the data among them:", len(samples.merge(flats)))

# %%
# Every column has the distribution that it has in the data, the share of missing years
# included.

styles = {
    "data": {"color": "#0072B2", "alpha": 0.5, "label": "data"},
    "samples": {"color": "#D55E00", "label": "samples"},
}
tables = {"data": flats, "samples": samples}
figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
for ax, column in zip(axes, ("price", "built")):
    bins = np.histogram_bin_edges(flats[column].dropna().astype(float), 24)
    for name, table in tables.items():
        values = table[column].dropna().astype(float)
        filled = {"data": "stepfilled", "samples": "step"}[name]
        ax.hist(values, bins, histtype=filled, lw=1.8, **styles[name])
    missing = " and ".join(
        f"{table[column].isna().mean():.0%}" for table in tables.values()
    )
    ax.set(title=f"{column} ({missing} missing)" if column == "built" else column)
    ax.legend(frameon=False)
positions = np.arange(4)
for shift, (name, table) in zip((-0.2, 0.2), tables.items()):
    counts = table["district"].value_counts().reindex(flats["district"].cat.categories)
    axes[2].bar(positions + shift, counts, 0.38, **styles[name])
axes[2].set_xticks(positions, flats["district"].cat.categories)
axes[2].set_title("district")
axes[0].set_ylabel("flats")
axes[2].legend(frameon=False)
plt.show()

# %%
# So have pairs of columns: price and area in each district, and lifts in old houses and
# new.

marks = ("o", "0.2"), ("^", "#E69F00"), ("s", "#009E73"), ("x", "#CC79A7")
marks = dict(zip(flats["district"].cat.categories, marks))
figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
for ax, (name, table) in zip(axes, tables.items()):
    for place, rows in table.groupby("district", observed=True):
        marker, color = marks[place]
        ax.plot(rows["area"], rows["price"], marker, color=color, ms=3, label=place)
    ax.set(title=name, xlabel="area (m²)", xlim=(0, 200), ylim=(0, 3000))
    ax.legend(frameon=False, markerscale=1.5, loc="upper left")
axes[0].set_ylabel("price")
ages = {"before 1950": (0, 1950), "since": (1950, 2100)}
for shift, (name, table) in zip((-0.2, 0.2), tables.items()):
    shares = [
        table.loc[
            table["built"].between(*span, inclusive="left").fillna(False), "lift"
        ].mean()
        for span in ages.values()
    ]
    axes[2].bar(np.arange(2) + shift, shares, 0.38, **styles[name])
axes[2].set_xticks(range(2), ages)
axes[2].set(title="share with a lift", xlabel="built", ylim=(0, 1))
axes[2].legend(frameon=False, loc="upper left")
plt.show()
