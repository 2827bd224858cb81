"""
Images
======

Both generators on images: `GANTKSynthesizer`, which solves for all of them at once, and
`ParticleFlowGenerator`, whose early stopping holds images out. Each image is shown above
the training image that is nearest to it, the way to see copying, and three numbers say how
near they come.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skgantk.generators import GANTKSynthesizer, ParticleFlowGenerator
from skgantk.inspection import ImageGridDisplay
from skgantk.metrics import average_max_ssim, copying_score, energy_distance

# %%
# 300 of scikit-learn's digits are for training and 300 are fresh ones, 8×8 pixels in [0,
# 1], in float32, in which all is computed then. Pixels have one scale, so the synthesizer
# does not standardise them; both generators keep them within their bounds. ε is less than
# on tables, as images ask for a sharper discriminator.

digits = np.random.default_rng(0).permutation(load_digits().data / 16).astype(np.float32)
train, fresh = digits[:300], digits[300:600]
generators = {
    "GANTKSynthesizer": GANTKSynthesizer(
        epsilon=0.01,
        standardize=False,
        bounds=(0, 1),
        init="gaussian",
        max_iter=200,
        batch_size=100,
        random_state=0,
    ),
    "ParticleFlowGenerator": ParticleFlowGenerator(
        early_stopping=True,
        check_every=20,
        max_iter=400,
        bounds=(0, 1),
        random_state=0,
    ),
}
samples = {
    name: generator.fit(train).sample(300, random_state=0)
    for name, generator in generators.items()
}
samples["fresh digits"] = fresh

# %%
# The energy distance to fresh digits says how good a set of images is as a whole. The
# copying score is 0 for copies of training images and 1 for images as new as fresh ones.
# AM-SSIM, the measure of [Z21], is 1 for copies, and is to be read beside that of fresh
# digits. Its window needs 11×11 pixels, so each pixel is shown to it four times.


def enlarged(images):
    return np.kron(images.reshape(-1, 8, 8), np.ones((2, 2)))


print(f"{'':24}{'energy distance':>18}{'copying score':>16}{'AM-SSIM':>10}")
for name, images in samples.items():
    reference = train if name == "fresh digits" else images
    print(
        f"{name:24}{energy_distance(reference, fresh):18.4f}"
        f"{copying_score(images, train, fresh):16.2f}"
        f"{average_max_ssim(enlarged(images[:60]), enlarged(train)):10.3f}"
    )

# %%
# In the last row the distance is that between the training digits and the fresh ones, as
# near as 300 images come without knowing them. Both generators come nearly as near. The
# flow's images are sharper, and nearer to training images than fresh digits are, although
# it stopped when held-out digits told it to; the synthesizer's are newer and noisier.

figure, axes = plt.subplots(3, 1, figsize=(8, 9), layout="constrained")
for ax, (name, images) in zip(axes, samples.items()):
    ImageGridDisplay.from_samples(images[:24], (8, 8), X_train=train, ax=ax, n_columns=12)
    ax.set_title(name)
plt.show()
