"""
Rows to order
=============

A synthesizer of tables answers questions such as "a hundred patients like these, but women
over sixty", and completes rows of which something is known. What is given comes back to the
bit; the rest follows its law given that.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skgantk.generators import TableSynthesizer
from skgantk.preprocessing import TableImputer

# %%
# Patients of a ward: pressure rises with age, more so in men, and few old ones smoke.

rng = np.random.default_rng(0)
n = 600
age = rng.uniform(20, 85, n).round()
sex = rng.choice(["female", "male"], n)
pressure = 100 + np.where(sex == "male", 0.8, 0.5) * (age - 20) + 8 * rng.normal(size=n)
patients = pd.DataFrame(
    {
        "age": age.astype(int),
        "sex": sex,
        "pressure": pressure.round(),
        "smokes": rng.random(n) < 0.5 - 0.005 * age,
    }
)
synthesizer = TableSynthesizer(random_state=0).fit(patients)

# %%
# A value and a range. The rows of the data that fulfil both, about a sixth, are learnt as a
# table of their own.

given = {"sex": "female", "age": (60, 80)}
women = synthesizer.sample(100, given=given, random_state=0)
print(women.head())

# %%
# A row for each of many ages: whatever a table with holes has stays, and what it has not is
# drawn. Lines are the true means.

ages = np.repeat(np.arange(25, 81, 5), 20)
wanted = pd.DataFrame({"age": ages, "sex": "male"})
men = synthesizer.sample(given=wanted, random_state=0)

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
orders = [(women, "female", 0.5), (men, "male", 0.8)]
for ax, (rows, kind, slope) in zip(axes, orders):
    data = patients[patients["sex"] == kind]
    ax.plot(data["age"], data["pressure"], "x", ms=4, color="#0072B2", label="data")
    ax.plot(rows["age"], rows["pressure"], "o", ms=3, color="#D55E00", label="to order")
    ax.plot([20, 85], [100, 100 + 65 * slope], color="black", label="true mean")
    ax.set_title(f"{kind}, {'60 to 80' if kind == 'female' else '25, 30, …'}")
    ax.set_xlabel("age (years)")
    ax.legend(frameon=False, loc="upper left")
axes[0].set_ylabel("pressure (mmHg)")
plt.show()

# %%
# Holes are filled in the same way. Half of the pressures are lost; filled by their mean,
# they would have a deviation of three quarters of the true one, and say nothing of age.

holes = patients.assign(pressure=patients["pressure"].mask(rng.random(n) < 0.5))
filled = TableImputer(random_state=0).fit_transform(holes)
lost = holes["pressure"].isna()
print("deviation, true:", patients["pressure"].std().round(1))
print("filled:", filled["pressure"].std().round(1))
print("by the mean:", holes["pressure"].fillna(holes["pressure"].mean()).std().round(1))

figure, ax = plt.subplots(figsize=(5.4, 4), layout="constrained")
known, guessed = filled[~lost], filled[lost]
ax.plot(known["age"], known["pressure"], "x", ms=4, color="#0072B2", label="known")
ax.plot(guessed["age"], guessed["pressure"], "o", ms=3, color="#D55E00", label="filled")
ax.set(xlabel="age (years)", ylabel="pressure (mmHg)")
ax.set_title("half of the pressures were lost")
ax.legend(frameon=False, loc="upper left")
plt.show()
