"""The one progress bar: on a terminal a line of text, in Jupyter a widget."""

from typing import TYPE_CHECKING, Any, Iterable, Optional

if TYPE_CHECKING:
    from tqdm import tqdm


def progress_bar(
    items: Optional[Iterable[Any]] = None,
    *,
    show: bool = True,
    total: Optional[int] = None,
    unit: str = "photos",
    desc: Optional[str] = None,
) -> "tqdm[Any]":
    """A bar that appears where something takes more than two seconds.

    Either it is iterated over, and gives the `items`; or it is entered with
    `with`, and moved by its `update(count)`. `total` is needed where `items`
    have no length. Without `show` it never appears.
    """
    from tqdm.auto import tqdm

    return tqdm(items, total=total, desc=desc, unit=f" {unit}", delay=2, disable=not show)
