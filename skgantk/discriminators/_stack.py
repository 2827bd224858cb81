"""Real and fake points as one labelled data set."""

import numpy as np
from sklearn.utils import check_array


def stack_samples(real, fake):
    """Stack real and fake points into the X and y that discriminators are fitted on.

    Parameters
    ----------
    real : array-like of shape (n_real, n_features)
    fake : array-like of shape (n_fake, n_features)

    Returns
    -------
    X : ndarray of shape (n_real + n_fake, n_features)
        float32 if both are, else float64.
    y : ndarray of shape (n_real + n_fake,)
        1 for real, -1 for fake.

    Raises
    ------
    ValueError
        If the input is not finite, or the numbers of features differ.

    Examples
    --------
    >>> from skgantk.discriminators import stack_samples
    >>> X, y = stack_samples(real=[[1.0], [2.0]], fake=[[0.0]])
    >>> y
    array([ 1,  1, -1])
    """
    floats = [np.float64, np.float32]
    real = check_array(real, dtype=floats, input_name="real")
    fake = check_array(fake, dtype=floats, input_name="fake")
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"real has {real.shape[1]} features and fake {fake.shape[1]}; they must have "
            "as many."
        )
    y = np.repeat([1, -1], [len(real), len(fake)])
    return np.concatenate([real, fake]), y
