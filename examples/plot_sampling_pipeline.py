"""
Preprocessing, and samples that come back through it
====================================================

Real tables have counts, flags, categories and skewed columns. `make_sampling_pipeline` puts
transformers before a generator and takes its samples back through them, into the columns
and dtypes of the data frame. `TableEncoder` as the first step makes numbers of any column.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from skgantk.generators import TableSynthesizer
from skgantk.pipeline import make_sampling_pipeline
from skgantk.preprocessing import TableEncoder

# %%
# A data frame of wines: two measurements, two integers, a flag, and the cultivar, a
# category.

wine = load_wine(as_frame=True)
frame = wine.data[["malic_acid", "color_intensity", "magnesium", "proline"]].copy()
frame[["magnesium", "proline"]] = frame[["magnesium", "proline"]].astype("int64")
frame["strong"] = wine.data["alcohol"] > 13
frame["cultivar"] = wine.target.map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})
print(frame.dtypes)

# %%
# Any steps that have a way back, and anything with ``fit`` and ``sample`` at their end.
# What comes back is a data frame with integers, flags and categories, within the range of
# the data.

pipeline = make_sampling_pipeline(
    TableEncoder(), StandardScaler(), PCA(whiten=True), KernelDensity(bandwidth=0.4)
).fit(frame)
samples = {"kernel density": pipeline.sample(len(frame), random_state=0)}
print(samples["kernel density"].head())
print("same dtypes:", samples["kernel density"].dtypes.equals(frame.dtypes))

# %%
# `TableSynthesizer` needs no steps: encoder, scaling, GA-NTK and a calibration of each
# column are in it.

synthesizer = TableSynthesizer(random_state=0).fit(frame)
samples["TableSynthesizer"] = synthesizer.sample(len(frame), random_state=0)

# %%
# The relations between columns are learned. Here is the mean of each column for each
# cultivar.

for name, table in {"data": frame, **samples}.items():
    shares = table["cultivar"].value_counts(normalize=True)
    means = table.groupby("cultivar").mean().assign(share=shares)
    print(f"{name}\n{means.round(2)}")

# %%
# A kernel density is wider than the data, and what lies beyond their range comes back at
# its ends. Calibrated columns have the marginals of the data.

columns = ["malic_acid", "color_intensity", "proline"]
figure, axes = plt.subplots(
    2, 3, figsize=(11, 5.5), layout="constrained", sharex="col", sharey="col"
)
for row, (name, table) in zip(axes, samples.items()):
    for ax, column in zip(row, columns):
        bins = np.linspace(frame[column].min(), frame[column].max(), 25)
        ax.hist(frame[column], bins, color="#0072B2", alpha=0.5, label="data")
        ax.hist(
            table[column], bins, histtype="step", color="#D55E00", lw=1.8, label="samples"
        )
    row[0].set_ylabel(f"rows, {name}")
for ax, column in zip(axes[1], columns):
    ax.set_xlabel(column)
axes[0, 0].legend(frameon=False)
plt.show()
