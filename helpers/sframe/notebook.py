"""Whether this Python is the kernel of a notebook, and showing something there."""

from typing import Any


def in_notebook() -> bool:
    """Whether this Python is the kernel of a notebook."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def show_inline(thing: Any) -> None:
    """Show something below the cell."""
    from IPython.display import display

    display(thing)
