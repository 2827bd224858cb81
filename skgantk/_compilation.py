"""Compiled programs on disk."""

import os
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache


def cache_compilations(directory=None):
    """Keep compiled programs on disk, so that the next process need not compile them.

    The first fit of an estimator waits for the compiler. With this at the top of a script
    or a notebook, the second run of it reads what the first one compiled
    (``benchmarks/first_call.py`` has the times of both); so do workers that are started by
    joblib, each of which has to call it too.

    Parameters
    ----------
    directory : str or path-like, default=None
        Where to keep the programs; made if it does not exist. If None, the directory that
        JAX has been told before (``JAX_COMPILATION_CACHE_DIR``), else ``skgantk`` in
        ``$XDG_CACHE_HOME`` or ``~/.cache``.

    Returns
    -------
    directory : pathlib.Path
        Where they are kept. Delete it at any time; it has no other limit of size.

    Raises
    ------
    OSError
        If the directory cannot be made.

    Notes
    -----
    It is a setting of JAX for the whole process: programs of other packages are kept too.
    Programs are for a version of JAX and a kind of processor or device; others compile
    their own. Only what is compiled afterwards is kept.

    Examples
    --------
    >>> import tempfile
    >>> import skgantk
    >>> skgantk.cache_compilations(tempfile.mkdtemp()).is_dir()  # doctest: +SKIP
    True
    """
    if directory is None:
        default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "skgantk"
        directory = jax.config.jax_compilation_cache_dir or default
    directory = Path(directory).expanduser()
    directory.mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_compilation_cache_dir", str(directory))
    # JAX's default leaves out what compiles in less than a second: much of ours, in sum.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    compilation_cache.reset_cache()  # or it stays as it was at the first compilation
    return directory
