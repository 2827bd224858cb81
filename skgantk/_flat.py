"""Images are rows."""

import numpy as np


def check_flat(X, caller, name="X"):
    """Raise where X has more than two dimensions, with how to flatten images."""
    shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    if len(shape) < 3:
        return
    flat = f"{name}.reshape(len({name}), -1)"
    # Channels first, as PyTorch has them; 3 columns of pixels would be no image.
    if len(shape) == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3):
        flat = f"{name}.transpose(0, 2, 3, 1).reshape(len({name}), -1): channels last"
    raise ValueError(
        f"Found array with dim {len(shape)}, while dim <= 2 is required by {caller}: a row "
        f"for each sample. Flatten images, {flat}."
    )
