"""
New images
==========

`ImageSynthesizer` makes new images like those given, grey or in colour. Each is shown above
the training image that is nearest to it, which is the way to see copies.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, load_sample_image
from sklearn.utils import shuffle

from skgantk.generators import ImageSynthesizer
from skgantk.inspection import ImageGridDisplay
from skgantk.metrics import copying_score

# %%
# Digits
# ------
# 300 of scikit-learn's digits, 8 × 8 pixels, are for training and 300 are fresh ones.
# Values are scaled inside, and new images have those of the data.

digits = shuffle(load_digits().images, random_state=0)
train, fresh = digits[:300], digits[300:600]
new = ImageSynthesizer(random_state=0).fit(train).samples_


# %%
# The copying score is 0 for copies of training images and 1 for images as new as fresh
# ones. Metrics and displays take flattened images.


def flat(images):
    return images.reshape(len(images), -1)


def show(new, train):
    _, ax = plt.subplots(figsize=(9, 3), layout="constrained")
    ImageGridDisplay.from_samples(
        flat(new[:24]), train.shape[1:], X_train=flat(train), ax=ax, n_columns=12
    )
    plt.show()


print(f"copying score {copying_score(flat(new), flat(train), flat(fresh)):.2f}")
show(new, train)

# %%
# They are as new as fresh digits, though two of them may look alike at 8 × 8 pixels.
#
# Colour
# ------
# Crops of a photograph of a dahlia, shrunk to 16 × 16 pixels of three bytes, channels last.
# In colour the kernel is that of a convolutional network, and a step takes longer; half the
# usual number of them will do here.

photograph = load_sample_image("flower.jpg")


def crops(n, rng, side=192, pixels=16):
    corners = zip(rng.integers(20, 200, n), rng.integers(130, 330, n))
    images = [photograph[y : y + side, x : x + side] for y, x in corners]
    pooled = np.reshape(images, (n, pixels, side // pixels, pixels, side // pixels, 3))
    return pooled.mean(axis=(2, 4)).astype(np.uint8)


train, fresh = (crops(n, np.random.default_rng(n)) for n in (64, 200))
new = ImageSynthesizer(max_iter=150, random_state=0).fit(train).samples_
print(f"copying score {copying_score(flat(new), flat(train), flat(fresh)):.2f}")
show(new, train)

# %%
# The dahlia as no crop shows it: a score of more than 1 says that images put together what
# is never together. With more steps they come nearer to crops.
