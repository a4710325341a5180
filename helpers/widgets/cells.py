"""The cells of a notebook and the widgets that they made: when a cell runs again, those of its last run are closed.

ipywidgets keeps each widget until it is closed, and IPython keeps each result of a cell, so that a widget whose cell
runs again would stay in memory, with its pictures, until the kernel ends.
"""

import sys
from typing import Any, List, Optional, Set

import ipywidgets
from ipywidgets.widgets.widget import _instances

_UNKNOWN = "?"  # shown from somewhere that is no cell, such as a callback: it may be anywhere


class _Entry:
    def __init__(self, widget: ipywidgets.Widget, cell: str) -> None:
        self.widget, self.cell = widget, cell
        self.shown: Set[str] = set()  # the cells beneath which it is
        self.replaced = False  # its cell has begun another run


class Cells:
    """The widgets that the cells of one IPython shell have made.

    A widget is closed when a run of the cell that made it has ended, unless it
    is still beneath another cell, in a box that is not closed, or the value of
    a variable. A front end that does not name its cells, such as a console,
    closes nothing.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._entries: List[_Entry] = []
        shell.events.register("pre_run_cell", self._begins)
        shell.events.register("post_run_cell", self._ends)

    def made(self, widget: ipywidgets.Widget) -> None:
        """A widget was made."""
        cell = self._running()
        if cell is not None:
            self._entries.append(_Entry(widget, cell))

    def shown(self, widget: ipywidgets.Widget) -> None:
        """A widget is shown beneath the cell that runs."""
        for entry in self._entries:
            if entry.widget is widget:
                entry.shown.add(self._running() or _UNKNOWN)

    def _running(self) -> Optional[str]:
        """The front end's name for the cell that runs; None where it gives none, and while no cell runs."""
        return (self._shell.get_parent().get("metadata") or {}).get("cellId")

    def _begins(self, *_: Any) -> None:
        cell = self._running()
        for entry in self._entries:
            entry.shown.discard(str(cell))  # the front end has emptied what was beneath it
            entry.replaced |= entry.cell == cell

    def _ends(self, *_: Any) -> None:
        left = [entry for entry in self._entries if entry.replaced and not entry.shown]
        if left:
            variables = {id(value) for name, value in self._shell.user_ns.items() if not name.startswith("_")}
            boxed = {
                id(child) for box in _instances.values() if isinstance(box, ipywidgets.Box) for child in box.children
            }
            for entry in left:
                if id(entry.widget) not in variables | boxed:
                    entry.widget.close()
        self._entries = [entry for entry in self._entries if entry.widget.comm is not None]


_CELLS: List[Cells] = []  # at most one: a process has one shell


def cells() -> Optional[Cells]:
    """The cells of this process; None where it is no kernel of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not _CELLS and hasattr(shell, "get_parent"):
        _CELLS.append(Cells(shell))
    return _CELLS[0] if _CELLS else None
