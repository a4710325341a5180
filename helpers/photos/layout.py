"""Where a photo was taken, by the folders that it is in."""

import re
from typing import Dict, List, Optional, Sequence, Tuple

from helpers.errors import FrameError

PLACES = ("site", "camera", "deployment")

_FIELD = re.compile(r"{([^{}]*)}|\*|([^{}*]+)|(.)")


def places_of(folders: Sequence[str], layout: str) -> Dict[str, List[Optional[str]]]:
    """The site, camera and deployment of folders, as far as a layout names them; None where a folder does not fit.

    `layout` is a path with the names of places in braces, such as
    `{site}/{camera}` or `cards/{site}_{camera}/*`; `*` is anything within one
    folder's name. It is the beginning of paths: deeper folders do not count.
    Raises `FrameError` for a layout that cannot be read.

    >>> places_of(["north/C1/100MEDIA", "loose"], "{site}/{camera}")
    {'site': ['north', None], 'camera': ['C1', None]}
    """
    pattern, names = _pattern(layout)
    matches = [pattern.match(folder + "/") for folder in folders]
    return {name: [match[name] if match else None for match in matches] for name in names}


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
        if match[1] not in PLACES or match[1] in names:
            raise FrameError(f"layout={layout!r} names {match[1]!r}; it may name {', '.join(PLACES)}, each once")
        names.append(match[1])
        text += f"(?P<{match[1]}>[^/]+?)"
    if not names:
        raise FrameError(f"layout={layout!r} names no place; write it such as '{{site}}/{{camera}}'")
    return re.compile(f"{text}/", re.DOTALL), names
