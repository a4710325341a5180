"""Where a photo was taken, and what it shows, by the folders that it is in."""

import re
from typing import Dict, List, Optional, Sequence, Tuple

from helpers.errors import FrameError

PLACES = ("site", "camera", "deployment")
SPECIES = "species"

_CAMERAS_OWN = re.compile(r"DCIM|[1-9][0-9]{2}[0-9A-Z_]{5}", re.ASCII | re.IGNORECASE)  # by DCF, such as 100MEDIA
_FIELD = re.compile(r"{([^{}]*)}|\*|([^{}*]+)|(.)")


def places_of(folders: Sequence[str], layout: str) -> Dict[str, List[Optional[str]]]:
    """The site, camera, deployment and species of folders, as far as a layout names them; None where one does not fit.

    `layout` is a path with these names in braces, such as `{site}/{camera}`,
    `cards/{site}_{camera}/*` or `{site}/{camera}/{species}`; `*` is anything
    within one folder's name. It is the beginning of paths: deeper folders do
    not count. Folders that end before `/{species}`, or go on with one that
    cameras make, such as 100MEDIA, fit without a species: their photos are not
    sorted yet. Raises `FrameError` for a layout that cannot be read.

    >>> places_of(["north/C1/100MEDIA", "loose"], "{site}/{camera}")
    {'site': ['north', None], 'camera': ['C1', None]}
    """
    pattern, names = _pattern(layout)
    matches = [pattern.match(folder + "/") for folder in folders]
    places = {name: [match[name] if match else None for match in matches] for name in names}
    if SPECIES in places:
        places[SPECIES] = [None if name is None or is_made_by_camera(name) else name for name in places[SPECIES]]
    return places


def is_made_by_camera(folder: str) -> bool:
    """Whether a folder's name is one that cameras give, by the standard DCF: `DCIM`, `100MEDIA`."""
    return _CAMERAS_OWN.fullmatch(folder) is not None


def _pattern(layout: str) -> Tuple["re.Pattern[str]", List[str]]:
    if not isinstance(layout, str):
        raise FrameError(f"layout= is text such as '{{site}}/{{camera}}', not {type(layout).__name__}")
    text, names = "", []
    for match in _FIELD.finditer(layout.replace("\\", "/").strip("/")):
        if match[3]:
            raise FrameError(f"layout={layout!r} has half a pair of braces; write it such as '{{site}}/{{camera}}'")
        if match[1] is None:
            text += "[^/]*" if match[0] == "*" else re.escape(match[2])
            continue
        if match[1] not in (*PLACES, SPECIES) or match[1] in names:
            known = ", ".join((*PLACES, SPECIES))
            raise FrameError(f"layout={layout!r} names {match[1]!r}; it may name {known}, each once")
        names.append(match[1])
        text += f"(?P<{match[1]}>[^/]+?)"
    if not names:
        raise FrameError(f"layout={layout!r} names no place; write it such as '{{site}}/{{camera}}'")
    sorted_last = f"/(?P<{SPECIES}>[^/]+?)"
    if text.endswith(sorted_last):
        text = f"{text[: -len(sorted_last)]}(?:{sorted_last})?"
    return re.compile(f"{text}/", re.DOTALL), names
