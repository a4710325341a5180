"""Whether a folder is a Camtrap DP package, by the rules in `rules`; nothing is fetched."""

import json
import os
import re
import warnings
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Union

from tqdm.auto import tqdm

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.season.exchange.camtrap import rules

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CREATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_PACKAGE = "datapackage.json"


class Fault(NamedTuple):
    """Something that the standard does not allow."""

    file: str
    row: Optional[int]  # of the file, its first line is 1; None: not of one row
    field: Optional[str]
    reason: str


def check_camtrap(folder: Union[str, "os.PathLike[str]"], *, progress: bool = True) -> Any:
    """What in a Camtrap DP package is against the standard, as an SFrame; without a row where all is right.

    Columns: `file`, `row` (the line of the CSV; None where it is not one
    line's fault), `field` (None likewise) and `reason`. The tables are checked
    by the library frictionless; of what is wrong in a table the first 1,000
    are told. Tables that lie elsewhere are not fetched but named.

    Raises `FrameError` where the folder holds no package, and where the
    library is not installed: `pip install frictionless`.
    """
    try:
        import frictionless  # noqa: F401
    except ImportError as error:
        raise FrameError(
            "a package is checked by the library frictionless, which is not here: pip install frictionless"
        ) from error
    place = Path(folder).expanduser().absolute()
    file = place / _PACKAGE
    try:
        package = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FrameError(f"{file}: {error.strerror}; give the folder of a Camtrap DP package") from error
    except ValueError as error:
        raise FrameError(f"{file} is no JSON ({error})") from error
    if not isinstance(package, dict):
        raise FrameError(f"{file} holds no object, as a data package does")
    faults = _package_faults(package)
    faults += _table_faults(package, place, progress)
    kinds = {"file": str, "row": int, "field": str, "reason": str}
    return typed_frame((name, kind, [getattr(fault, name) for fault in faults]) for name, kind in kinds.items())


def _package_faults(package: Dict[str, Any]) -> List[Fault]:
    """What is wrong in datapackage.json itself."""
    faults: List[Fault] = []

    def wrong(field: str, reason: str) -> None:
        faults.append(Fault(_PACKAGE, None, field, reason))

    def one_of(field: str, value: Any, known: Any) -> None:
        if value not in known:
            wrong(field, f"{value!r} is not one of {', '.join(known)}")

    for name in rules.REQUIRED:
        if package.get(name) is None:
            wrong(name, "it is required")
    if package.get("profile") is not None and rules.VERSION not in str(package["profile"]):
        wrong("profile", f"it does not name version {rules.VERSION} of the standard")
    if package.get("created") is not None and not _CREATED.fullmatch(str(package["created"])):
        wrong("created", "it is no date and time with an offset")
    contributors = _list(package, "contributors", wrong)
    if package.get("contributors") == []:
        wrong("contributors", "there is to be at least one")
    for each in contributors:
        if not isinstance(each, dict) or not each.get("title"):
            wrong("contributors", "each is to have a title, which is a name")
        elif "role" in each:
            one_of("contributors", each["role"], rules.ROLES)
    project = package.get("project")
    if isinstance(project, dict):
        for name in rules.REQUIRED_OF_PROJECT:
            if project.get(name) is None:
                wrong(f"project.{name}", "it is required")
        if project.get("samplingDesign") is not None:
            one_of("project.samplingDesign", project["samplingDesign"], rules.SAMPLING_DESIGNS)
        for name, known in (("captureMethod", rules.CAPTURE_METHODS), ("observationLevel", rules.LEVELS)):
            for value in _list(project, name, wrong, "project."):
                one_of(f"project.{name}", value, known)
    elif project is not None:
        wrong("project", "it is no object")
    spatial, temporal = package.get("spatial"), package.get("temporal")
    if spatial is not None and (not isinstance(spatial, dict) or "type" not in spatial):
        wrong("spatial", "it is no GeoJSON")
    for name in ("start", "end") if temporal is not None else ():
        if not isinstance(temporal, dict) or not _DATE.fullmatch(str(temporal.get(name))):
            wrong(f"temporal.{name}", "it is no date such as 2026-05-01")
    for each in _list(package, "taxonomic", wrong):
        if not isinstance(each, dict) or not each.get("scientificName"):
            wrong("taxonomic", "each is to have a scientificName")
        elif "taxonRank" in each:
            one_of("taxonomic", each["taxonRank"], rules.RANKS)
    return faults


def _list(within: Dict[str, Any], name: str, wrong: Any, where: str = "") -> List[Any]:
    value = within.get(name)
    if value is not None and not isinstance(value, list):
        wrong(where + name, "it is no list")
    return value if isinstance(value, list) else []


def _table_faults(package: Dict[str, Any], place: Path, progress: bool) -> List[Fault]:
    """What is wrong in the tables, with where they are named."""
    listed = package.get("resources")
    resources = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    named = {each.get("name"): each for each in resources}
    faults: List[Fault] = []
    found: List[Dict[str, Any]] = []
    for table in rules.TABLES:
        path = named.get(table, {}).get("path")
        if table not in named:
            faults.append(Fault(_PACKAGE, None, "resources", f"there is no table {table}"))
        elif not isinstance(path, str) or "://" in path or not re.match(rules.LEGAL_PATH, path):
            faults.append(Fault(_PACKAGE, None, table, f"not checked: {path!r} is no file of the folder"))
        elif not (place / path).is_file():
            faults.append(Fault(path, None, None, "there is no such file"))
        else:
            if named[table].get("profile") != "tabular-data-resource":
                faults.append(Fault(_PACKAGE, None, table, "its profile is to be tabular-data-resource"))
            if rules.VERSION not in str(named[table].get("schema")):
                faults.append(Fault(_PACKAGE, None, table, f"its schema is not that of version {rules.VERSION}"))
            found.append({"name": table, "path": path, "format": "csv", "encoding": "utf-8"})
    present = {each["name"] for each in found}
    for each in found:
        schema = rules.schema_of(each["name"])
        schema["foreignKeys"] = [key for key in schema["foreignKeys"] if key["reference"]["resource"] in present]
        each.update(schema=schema, profile="tabular-data-resource")
    return faults + (_frictionless_faults(found, place, progress) if found else [])


def _frictionless_faults(resources: List[Dict[str, Any]], place: Path, progress: bool) -> List[Fault]:
    import frictionless

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library about itself
        package = frictionless.Package.from_descriptor({"resources": resources}, basepath=str(place))
        # One by one, for the progress of large tables; each knows the others that it points to.
        tables = tqdm(package.resources, unit=" tables", delay=2, disable=not progress)
        reports = [(table.name, table.validate()) for table in tables]
    paths = {each["name"]: each["path"] for each in resources}
    faults: List[Fault] = []
    for name, report in reports:
        faults += [Fault(paths[name], None, None, error.message) for error in report.errors]
        for task in report.tasks:
            for error in task.errors:
                row, field = (getattr(error, which, None) for which in ("row_number", "field_name"))
                faults.append(Fault(paths[name], row, field, f"{error.title.lower()}: {error.note}"))
    return faults
