"""What every widget of ours does in a notebook: it is closed as a whole, and leaves a picture where it was."""

from typing import Any, Iterator

import ipywidgets

from helpers.widgets.card import Card, card_html, card_text
from helpers.widgets.cells import cells


class NotebookWidget(ipywidgets.DOMWidget):
    """The first base of a widget that is shown in a cell; subclasses say what is on their `_card`.

    When its cell runs again, a widget is closed, with all that it is made of:
    `helpers.widgets.cells` has the rule. A notebook that is saved or exported
    keeps a card of what the widget showed when it was shown; it stands where
    there is no kernel, and no state of widgets.
    """

    def _card(self) -> Card:
        raise NotImplementedError

    def open(self) -> None:
        """Take up the line to the page; ipywidgets does this when the widget is made."""
        super().open()
        here = cells()
        if here is not None:
            here.made(self)

    def close(self) -> None:
        """Close the widget and its parts, and let go of their pictures."""
        parts = list(_parts(self)) if getattr(self, "comm", None) is not None else []
        super().close()
        for part in parts:
            part.close()
            if isinstance(part, (ipywidgets.Image, ipywidgets.HTML)):
                part.value = b"" if isinstance(part, ipywidgets.Image) else ""  # IPython keeps what a cell gave

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{'' if self.comm is not None else ', closed'}>"

    def _repr_mimebundle_(self, **asked: Any) -> Any:
        here = cells()
        if here is not None:
            here.shown(self)
        card = self._card()
        bundle: Any = super()._repr_mimebundle_(**asked)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})  # Colab reads the metadata of anywidget
        return {**data, "text/plain": card_text(card), "text/html": card_html(card)}, metadata


def _parts(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """The widgets that a widget is made of, and those of these: children, layouts, styles."""
    for name in widget.keys:
        value = getattr(widget, name)
        for part in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(part, ipywidgets.Widget):
                yield from _parts(part)
                yield part
