"""Import of neural-tangents on current JAX, without TensorFlow."""

import contextlib
import functools
import importlib
import importlib.metadata
import importlib.util
import sys
import threading
import types
import warnings

import jax
import jax.core
import jax.extend.core.primitives
from jax.interpreters import ad

_NAME = "neural_tangents"
_LOCK = threading.RLock()


def import_neural_tangents():
    """Import neural-tangents, lending JAX the names it still expects there.

    neural-tangents 0.6.5 uses names that JAX has since moved or removed, and its
    ``experimental`` sub-package needs TensorFlow. The missing names are added to JAX
    only while the import runs; ``experimental`` is left out. A package that is
    imported already, or another release that imports as it is, is left untouched.

    Returns
    -------
    neural_tangents : module
        The package. Its empirical kernels work with
        ``NtkImplementation.JACOBIAN_CONTRACTION`` (the default) and
        ``NTK_VECTOR_PRODUCTS``; the others read JAX internals that have changed.

    Raises
    ------
    ImportError
        If neural-tangents or its dependency frozendict is not installed, or if it
        cannot be imported with the installed JAX.

    Examples
    --------
    >>> from skgantk.kernels import import_neural_tangents
    >>> import_neural_tangents().stax.__name__
    'neural_tangents.stax'
    """
    try:
        with _LOCK:
            return _import_package()
    except ModuleNotFoundError as error:
        if error.name not in (_NAME, "frozendict"):
            raise
        raise ImportError(
            f"The package {error.name!r} is required here but not installed. "
            'Install it with: pip install "skgantk[neural-tangents]"'
        ) from error
    except AttributeError as error:
        raise ImportError(
            f"neural-tangents cannot be imported with JAX {jax.__version__}: {error}"
        ) from error


def _import_package():
    if _NAME in sys.modules or not _needs_patches():
        with contextlib.suppress(ImportError, AttributeError):
            return importlib.import_module(_NAME)
    if _NAME not in sys.modules:
        # A failed import may have left sub-modules, not bound to the new package.
        for name in [name for name in sys.modules if name.startswith(f"{_NAME}.")]:
            del sys.modules[name]
    with _lent_names():
        package = importlib.import_module(_NAME)
    # Only a stub; a later `import neural_tangents.experimental` gets the real one.
    vars(package).pop("experimental", None)
    # `eval_context` no longer accepts traced values. The public context does, and also
    # evaluates concrete ones at once, so that neural-tangents can cache the results.
    # Only these two modules see the replacement; JAX stays as it is.
    core = _overlay(jax.core, eval_context=jax.ensure_compile_time_eval)
    for name in ("_src.predict", "_src.stax.linear"):
        importlib.import_module(f"{_NAME}.{name}").jax = _overlay(jax, core=core)
    return package


def _needs_patches():
    # Any other release, or a checkout without metadata, may import as it is.
    try:
        return importlib.metadata.version("neural-tangents") == "0.6.5"
    except importlib.metadata.PackageNotFoundError:
        return False


@contextlib.contextmanager
def _lent_names():
    """Add what neural-tangents imports from JAX, where missing, for a while."""
    with warnings.catch_warnings(), contextlib.ExitStack() as undo:
        # Names that JAX has deprecated, but still has, warn when looked up.
        warnings.simplefilter("ignore", DeprecationWarning)
        for name in ("Jaxpr", "JaxprEqn", "Literal", "Primitive", "Var"):
            _lend(undo, jax.core, name, getattr(jax.extend.core, name))
        # Both serve as keys in tables of rules for the primitives of a function. JAX
        # has no `zeros_like_p` any more, so a placeholder is never looked up.
        _lend(undo, ad, "add_jaxvals_p", jax.extend.core.primitives.add_jaxvals_p)
        _lend(undo, ad, "zeros_like_p", jax.extend.core.Primitive("zeros_like"))
        if importlib.util.find_spec("jax.util") is None:
            _lend_module(undo, "jax.util", safe_map=_safe_map, safe_zip=_safe_zip)
        _lend_module(undo, f"{_NAME}.experimental")
        yield


def _lend(undo, module, name, value):
    if not hasattr(module, name):
        setattr(module, name, value)
        undo.callback(delattr, module, name)


def _lend_module(undo, name, **names):
    module = sys.modules[name] = types.ModuleType(name)
    vars(module).update(names)
    undo.callback(sys.modules.pop, name, None)


def _overlay(module, **names):
    """Return `module` with some other names, leaving `module` itself as it is."""
    namespace = types.ModuleType(module.__name__)
    vars(namespace).update(names, __getattr__=functools.partial(getattr, module))
    return namespace


def _safe_zip(*args):
    return list(zip(*args, strict=True))


def _safe_map(function, *args):
    return [function(*values) for values in zip(*args, strict=True)]
