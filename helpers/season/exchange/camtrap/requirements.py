"""What a Camtrap DP package needs and photos do not contain; one error names all that is missing."""

from typing import Any, Dict, List, Mapping, Optional, Set

from helpers.errors import FrameError
from helpers.photos.deployments import Deployment
from helpers.photos.utc_offset import GivenOffset
from helpers.season.exchange.camtrap import rules
from helpers.season.sighting import CONFIRMED, GivenSightings, Sighting, count_of, sightings_of


def by_species(sightings: Mapping[str, GivenSightings]) -> Dict[str, List[Sighting]]:
    """The sightings by scientific name, without blanks around it; raises `FrameError` for an invalid name."""
    named: Dict[str, List[Sighting]] = {}
    for given, of_species in sightings.items():
        name = given.strip() if isinstance(given, str) else ""
        if not name:
            raise FrameError(f"sightings= are given by scientific name, such as 'Vulpes vulpes', not {given!r}")
        if name in named:
            raise FrameError(f"sightings= has {name!r} twice, but for blanks; put the two together")
        named[name] = sightings_of(of_species, rejected=True)
    return named


def check_complete(
    sightings: Mapping[str, List[Sighting]],
    deployments: List[Deployment],
    names: Set[str],
    contributors: List[Mapping[str, str]],
    project: Optional[Mapping[str, Any]],
    offset: GivenOffset,
    classified_by: str,
) -> None:
    """Raise one `FrameError` that names all arguments of `write_camtrap` that are missing.

    `names` are the deployments of the photos.
    """
    persons = [person for person in contributors if isinstance(person, Mapping) and person.get("title")]
    roles = {person["role"] for person in persons if "role" in person} - set(rules.ROLES)
    known_roles = ", ".join(rules.ROLES)
    unknown = names - {deployment.name for deployment in deployments}
    empty = [deployment.name for deployment in deployments if deployment.name in rules.MISSING]
    positions = [(each.name, (each.latitude, each.longitude)) for each in deployments]
    nowhere = [name for name, position in positions if None in position or position == (0, 0)]
    undated = [place.name for place in deployments if place.name not in names and not place.has_dates]
    without = [place.name for place in deployments if isinstance(offset, Mapping) and place.name not in offset]
    missing = [
        *_of_names("deployments= has no row for {}", sorted(unknown)),
        *_of_names("another name for the deployment {}, which the standard takes for an empty cell", empty),
        *_of_names("latitude and longitude of {} in deployments=", nowhere),
        *_of_names("start and end of {}, which have no photos, in deployments=", undated),
    ]
    if not persons or len(persons) < len(contributors):
        missing.append('contributors=[{"title": "who", "role": "contact"}, ...], each with a title')
    missing += _of_names(f"a role of contributors that is one of {known_roles}, not {{}}", sorted(roles))
    missing += _project_faults(dict(project or {}))
    if offset is None:
        missing.append('offset= of the cameras\' clocks from UTC, such as "+02:00"')
    missing += _of_names("the offset from UTC of {} in offset=", without)
    if not classified_by and any(count_of(CONFIRMED, of_species) for of_species in sightings.values()):
        missing.append("classified_by=, who confirmed the sightings")
    if missing:
        raise FrameError("Camtrap DP asks for more than photos contain; give " + "; ".join(missing))


def _of_names(text: str, names: List[str]) -> List[str]:
    """The text with the first names in it; nothing without any."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return [text.format(", ".join(map(repr, names[:5])) + more)] if names else []


def _project_faults(project: Mapping[str, Any]) -> List[str]:
    missing = [] if project.get("title") else ['project={"title": ..., "samplingDesign": ..., "captureMethod": [...]}']
    if project.get("samplingDesign") not in rules.SAMPLING_DESIGNS:
        missing.append(f"project's samplingDesign, one of {', '.join(rules.SAMPLING_DESIGNS)}")
    methods = project.get("captureMethod")
    if not isinstance(methods, (list, tuple)) or not methods or set(methods) - set(rules.CAPTURE_METHODS):
        missing.append(f"project's captureMethod, a list of {' and/or '.join(rules.CAPTURE_METHODS)}")
    return missing
