"""scikit-learn's callbacks where the installed version has them, and a progress bar."""

from contextlib import contextmanager

from tqdm.auto import tqdm

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
except ImportError:  # scikit-learn < 1.9

    class CallbackSupport:  # type: ignore[no-redef]
        """No callbacks."""


@contextmanager
def preparing(estimator):
    """Say what the time before the first step goes into, with ``verbose``."""
    name = type(estimator).__name__
    bar_format = "{desc}: compiling, {elapsed}"
    silent = not estimator.verbose
    with tqdm(desc=name, disable=silent, bar_format=bar_format, leave=False) as bar:
        bar.refresh()
        yield


@contextmanager
def checks(estimator, X, total, verbose):
    """Yield ``report(loss, attributes)`` for every check; it returns whether to stop.

    Parameters
    ----------
    estimator : estimator
    X : ndarray
        The data, for callbacks that ask for it.
    total : int
        Number of checks at most.
    verbose : bool
        Whether to show a progress bar.
    """
    context = None
    if hasattr(estimator, "_init_callback_context"):
        context = estimator._init_callback_context(max_subtasks=total)
        context.call_on_fit_task_begin(estimator=estimator, X=X)
    with tqdm(total=total, disable=not verbose, desc=type(estimator).__name__) as bar:

        def report(loss, attributes):
            bar.set_postfix(loss=f"{loss:.3g}")
            bar.update()
            if context is None:
                return False
            task = context.subcontext(task_name="check")
            task.call_on_fit_task_begin(estimator=estimator, X=X)
            return task.call_on_fit_task_end(
                estimator=estimator, X=X, reconstruction_attributes=attributes
            )

        yield report
    if context is not None:
        context.call_on_fit_task_end(estimator=estimator, X=X, reconstruction_attributes={})
