"""Whether a folder is a Camtrap DP package, by the rules in `rules`; nothing is fetched."""

import os
import re
import warnings
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Union

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.files.json_file import read_json
from helpers.files.progress import progress_bar
from helpers.files.spelling import expanded
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.season.exchange.camtrap import rules

_PACKAGE = "datapackage.json"


class Fault(NamedTuple):
    """Something that the standard does not allow."""

    file: str
    row: Optional[int]  # of the file, its first line is 1; None for a fault that is not of one row
    field: Optional[str]
    reason: str


@takes(folder="path")
def check_camtrap(folder: Union[str, "os.PathLike[str]"], *, progress: bool = True) -> SFrame:
    """Check a Camtrap DP package against the standard.

    Parameters
    ----------
    folder
        The folder with datapackage.json and the tables. Tables elsewhere are not
        fetched, but listed as not checked.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SFrame
        A row for each fault, up to 1,000 a table; none where all is right.
        Columns: `file`, `row` (the line of the CSV, None for a fault that is not
        of one line), `field` (None likewise) and `reason`.

    Raises
    ------
    FrameError
        Where the folder holds no package, and where the library that checks the
        tables is not installed: `pip install frictionless`.

    Notes
    -----
    The standard is Camtrap DP 1.0.2, https://camtrap-dp.tdwg.org.
    """
    try:
        import frictionless  # noqa: F401
    except ImportError as error:
        raise FrameError(
            "a package is checked by the library frictionless, which is not installed: pip install frictionless"
        ) from error
    place = expanded(folder).absolute()
    file = place / _PACKAGE
    try:
        package = read_json(file)
    except OSError as error:
        raise FrameError(f"{file}: {error.strerror or error}; give the folder of a Camtrap DP package") from error
    except ValueError as error:
        raise FrameError(f"{file} is not JSON ({error})") from error
    if not isinstance(package, dict):
        raise FrameError(f"{file} is not an object, as a data package is")
    faults = _package_faults(package)
    faults += _table_faults(package, place, progress)
    kinds = {"file": str, "row": int, "field": str, "reason": str}
    return typed_frame((name, kind, [getattr(fault, name) for fault in faults]) for name, kind in kinds.items())


def _package_faults(package: Dict[str, Any]) -> List[Fault]:
    """What is wrong in datapackage.json itself."""
    from jsonschema import Draft7Validator  # frictionless comes with it

    faults: Dict[Fault, None] = {}  # each once, in their order
    for error in Draft7Validator(rules.PACKAGE).iter_errors(package):
        path = [name for name in error.absolute_path if isinstance(name, str)]
        if error.validator == "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            faults.update((Fault(_PACKAGE, None, ".".join([*path, name]), "it is required"), None) for name in missing)
        else:
            wanted = error.schema.get("description")
            reason = error.message if wanted is None else f"{error.instance!r} is not {wanted}"
            faults[Fault(_PACKAGE, None, ".".join(path), reason)] = None
    return list(faults)


def _table_faults(package: Dict[str, Any], place: Path, progress: bool) -> List[Fault]:
    """What is wrong in the tables, and in how datapackage.json lists them."""
    listed = package.get("resources")
    resources = [resource for resource in listed if isinstance(resource, dict)] if isinstance(listed, list) else []
    by_name = {resource.get("name"): resource for resource in resources}
    faults: List[Fault] = []
    tables: List[Dict[str, Any]] = []
    for name in rules.TABLES:
        path = by_name.get(name, {}).get("path")
        if name not in by_name:
            faults.append(Fault(_PACKAGE, None, "resources", f"there is no table {name}"))
        elif not isinstance(path, str) or "://" in path or not re.match(rules.LEGAL_PATH, path):
            faults.append(Fault(_PACKAGE, None, name, f"not checked: {path!r} is not a file of the folder"))
        elif not (place / path).is_file():
            faults.append(Fault(path, None, None, "there is no such file"))
        else:
            if by_name[name].get("profile") != "tabular-data-resource":
                faults.append(Fault(_PACKAGE, None, name, "its profile is not tabular-data-resource"))
            if rules.VERSION not in str(by_name[name].get("schema")):
                faults.append(Fault(_PACKAGE, None, name, f"its schema is not that of version {rules.VERSION}"))
            tables.append({"name": name, "path": path, "format": "csv", "encoding": "utf-8"})
    present = {table["name"] for table in tables}
    for table in tables:
        schema = rules.schema_of(table["name"])
        schema["foreignKeys"] = [key for key in schema["foreignKeys"] if key["reference"]["resource"] in present]
        table.update(schema=schema, profile="tabular-data-resource")
    return faults + (_frictionless_faults(tables, place, progress) if tables else [])


def _frictionless_faults(resources: List[Dict[str, Any]], place: Path, progress: bool) -> List[Fault]:
    import frictionless

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the library gives about itself
        package = frictionless.Package.from_descriptor({"resources": resources}, basepath=str(place))
        # One by one, for the progress bar; each finds the others that its keys point to.
        bar = progress_bar(package.resources, unit="tables", show=progress)
        reports = [(table.name, table.validate()) for table in bar]
    paths = {resource["name"]: resource["path"] for resource in resources}
    faults: List[Fault] = []
    for name, report in reports:
        faults += [Fault(paths[name], None, None, error.message) for error in report.errors]
        for task in report.tasks:
            for error in task.errors:
                row, field = (getattr(error, attribute, None) for attribute in ("row_number", "field_name"))
                faults.append(Fault(paths[name], row, field, f"{error.title.lower()}: {error.note}"))
    return faults
