"""Refuse what cannot fit before it is allocated."""

import os


def check_memory(n_bytes, what, remedy):
    """Raise MemoryError if ``n_bytes`` exceed the memory of the machine.

    Parameters
    ----------
    n_bytes : int
    what : str
        What needs the memory, with its size; begins the sentence.
    remedy : str
        What to do instead; ends it.
    """
    available = _physical_memory()
    if n_bytes > available:
        raise MemoryError(
            f"{what} needs {n_bytes / 2**30:.1f} GiB of memory, and this machine has "
            f"{available / 2**30:.1f} GiB. {remedy}"
        )


def _physical_memory():
    """Bytes of memory of this machine, infinite where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        return float("inf")
