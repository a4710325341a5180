"""What a Camtrap DP package needs and photos do not tell: all that is missing is named in one error."""

import datetime
import re
from typing import Any, List, Mapping, Optional, Set, Union

from helpers.errors import FrameError
from helpers.photos.deployments import Deployment
from helpers.season.exchange.camtrap import rules
from helpers.season.sighting import CONFIRMED, Sighting

Offset = Union[str, datetime.timedelta, datetime.timezone]

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def species_name(name: Any) -> str:
    """A scientific name without blanks around it; raises `FrameError` for what is none."""
    if not isinstance(name, str) or not name.strip():
        raise FrameError(f"sightings= are given by scientific name, such as 'Vulpes vulpes', not {name!r}")
    return name.strip()


def check_asked(
    told: Mapping[str, List[Sighting]],
    placed: List[Deployment],
    names: Set[str],
    contributors: Any,
    project: Optional[Mapping[str, Any]],
    offset: Any,
    classified_by: str,
) -> None:
    """Raise one `FrameError` that names all that a folder of photos cannot know and nobody has said."""
    lost: List[str] = []
    unknown = sorted(names - {each.name for each in placed})
    if unknown:
        lost.append(f"deployments= has no row for {_list(unknown)}")
    empty = [each.name for each in placed if each.name in rules.MISSING]
    if empty:
        lost.append(f"another name for the deployment {_list(empty)}, which the standard takes for an empty cell")
    nowhere = [each.name for each in placed if each.latitude is None or each.longitude is None]
    if nowhere:
        lost.append(f"latitude and longitude of {_list(nowhere)} in deployments=")
    undated = [each.name for each in placed if each.name not in names and None in (each.start, each.end)]
    if undated:
        lost.append(f"start and end of {_list(undated)}, which have no photos, in deployments=")
    people = list(contributors)
    if not people or not all(isinstance(each, Mapping) and each.get("title") for each in people):
        lost.append('contributors=[{"title": "who", "role": "contact"}, ...], each with a title')
    roles = {each["role"] for each in people if isinstance(each, Mapping) and "role" in each} - set(rules.ROLES)
    if roles:
        lost.append(f"a role of contributors that is one of {', '.join(rules.ROLES)}, not {_list(sorted(roles))}")
    lost += _project_faults(project)
    if offset is None:
        lost.append('offset= of the cameras\' clocks from UTC, such as "+02:00"')
    elif isinstance(offset, Mapping):
        without = [each.name for each in placed if each.name not in offset]
        if without:
            lost.append(f"the offset from UTC of {_list(without)} in offset=")
    if not classified_by and any(each.status == CONFIRMED for rows in told.values() for each in rows):
        lost.append("classified_by=, who confirmed the sightings")
    if lost:
        raise FrameError("Camtrap DP asks for what photos do not tell; give " + "; ".join(lost))


def _project_faults(project: Optional[Mapping[str, Any]]) -> List[str]:
    said = dict(project or {})
    lost = [] if said.get("title") else ['project={"title": ..., "samplingDesign": ..., "captureMethod": [...]}']
    if said.get("samplingDesign") not in rules.SAMPLING_DESIGNS:
        lost.append(f"project's samplingDesign, one of {', '.join(rules.SAMPLING_DESIGNS)}")
    methods = said.get("captureMethod")
    if not isinstance(methods, (list, tuple)) or not methods or set(methods) - set(rules.CAPTURE_METHODS):
        lost.append(f"project's captureMethod, a list of {' and/or '.join(rules.CAPTURE_METHODS)}")
    return lost


def _list(names: List[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more


def zone_of(given: Any, name: str) -> datetime.timezone:
    """The zone of a deployment's clock."""
    value = given[name] if isinstance(given, Mapping) else given
    if isinstance(value, datetime.timezone):
        value = value.utcoffset(None)
    if isinstance(value, datetime.timedelta) and abs(value) < datetime.timedelta(days=1) and not value.seconds % 60:
        return datetime.timezone(value)
    found = _OFFSET.fullmatch("+00:00" if value in ("Z", "UTC") else value) if isinstance(value, str) else None
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        raise FrameError(f"offset={value!r} is no offset from UTC; write it as '+02:00', '-05:30' or 'Z'")
    span = datetime.timedelta(hours=int(found[2]), minutes=int(found[3]))
    return datetime.timezone(-span if found[1] == "-" else span)
