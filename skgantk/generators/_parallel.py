"""joblib, less what JAX cannot live with."""

from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel


def parallel(n_jobs):
    """Return scikit-learn's `Parallel`, or raise under a back end that forks."""
    backend, active = get_active_backend()
    several = (active if n_jobs is None else n_jobs) not in (None, 1)
    if several and type(backend).__name__ == "MultiprocessingBackend":
        raise ValueError(
            'joblib\'s "multiprocessing" back end forks the process, under which JAX '
            'stands still. Use "loky" (the default), "threading", Dask or Ray.'
        )
    return Parallel(n_jobs=n_jobs)
