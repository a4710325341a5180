"""The rules of Camtrap DP 1.0.2, a data standard for field-camera photos, as far as a package can be checked by them.

Written from the standard's own description (https://camtrap-dp.tdwg.org):
datapackage.json as a JSON Schema, and each table's columns in their order, with
type and constraints, as in a Table Schema. A package refers to the standard's
own files by `ADDRESS`; they are never fetched.
"""

import re
from typing import Any, Dict, List, Sequence, Tuple

VERSION = "1.0.2"
ADDRESS = f"https://raw.githubusercontent.com/tdwg/camtrap-dp/{VERSION}/"
PROFILE = f"{ADDRESS}camtrap-dp-profile.json"

TABLES = ("deployments", "media", "observations")

SAMPLING_DESIGNS = ("simpleRandom", "systematicRandom", "clusteredRandom", "experimental", "targeted", "opportunistic")
CAPTURE_METHODS = ("activityDetection", "timeLapse")
ROLES = ("contact", "principalInvestigator", "rightsHolder", "publisher", "contributor")
LEVELS = ("media", "event")
TYPES = ("animal", "human", "vehicle", "blank", "unknown", "unclassified")
RANKS = ("kingdom", "phylum", "class", "order", "family", "genus", "species", "subspecies")

_DATE = r"^\d{4}-\d\d-\d\d"
_TIME = r"T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"


def _object(required: Sequence[str], **properties: Any) -> Dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


def _text(pattern: str, description: str) -> Dict[str, Any]:
    return {"type": "string", "pattern": pattern, "description": description}


def _list_of(schema: Dict[str, Any], **more: Any) -> Dict[str, Any]:
    return {"type": "array", "items": schema, **more}


_DAY = _text(f"{_DATE}$", "a date such as 2026-05-01")
_NAME = _text(".", "a name")

PACKAGE = _object(
    ["resources", "profile", "created", "contributors", "project", "spatial", "temporal", "taxonomic"],
    profile=_text(re.escape(VERSION), f"the address of version {VERSION} of the standard"),
    created=_text(_DATE + _TIME, "a date and time with an offset"),
    contributors=_list_of(_object(["title"], title=_NAME, role={"enum": ROLES}), minItems=1),
    project=_object(
        ["title", "samplingDesign", "captureMethod", "individualAnimals", "observationLevel"],
        title={"type": "string"},
        samplingDesign={"enum": SAMPLING_DESIGNS},
        captureMethod=_list_of({"enum": CAPTURE_METHODS}),
        observationLevel=_list_of({"enum": LEVELS}),
    ),
    spatial={**_object(["type"]), "description": "GeoJSON"},
    temporal=_object(["start", "end"], start=_DAY, end=_DAY),
    taxonomic=_list_of(_object(["scientificName"], scientificName=_NAME, taxonRank={"enum": RANKS})),
)
"""datapackage.json as a JSON Schema; a `description` is what messages say that a value should be."""

LEGAL_PATH = r"^(?=^[^./~])(^((?!\.{2}).)*$).*$"

MISSING = ["", "NA", "NaN", "nan"]
_WHEN = {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%S%z"}
_TEXT, _WHOLE, _NUMBER, _TRUTH = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))
_MUST, _ONCE = {"required": True}, {"required": True, "unique": True}
_SHARE: Dict[str, Any] = {"minimum": 0, "maximum": 1}
_SIDE: Dict[str, Any] = {"minimum": 1e-15, "maximum": 1}
_FROM_0 = {"minimum": 0}

Field = Tuple[str, Dict[str, Any], Dict[str, Any]]  # name, type and constraints

_FEATURES = [
    *("roadPaved", "roadDirt", "trailHiking", "trailGame", "roadUnderpass", "roadOverpass", "roadBridge", "culvert"),
    *("burrow", "nestSite", "carcass", "waterSource", "fruitingTree"),
]

_DEPLOYMENTS: List[Field] = [
    ("deploymentID", _TEXT, _ONCE),
    ("locationID", _TEXT, {}),
    ("locationName", _TEXT, {}),
    ("latitude", _NUMBER, {**_MUST, "minimum": -90, "maximum": 90}),
    ("longitude", _NUMBER, {**_MUST, "minimum": -180, "maximum": 180}),
    ("coordinateUncertainty", _WHOLE, {"minimum": 1}),
    ("deploymentStart", _WHEN, _MUST),
    ("deploymentEnd", _WHEN, _MUST),
    ("setupBy", _TEXT, {}),
    ("cameraID", _TEXT, {}),
    ("cameraModel", _TEXT, {}),
    ("cameraDelay", _WHOLE, _FROM_0),
    ("cameraHeight", _NUMBER, _FROM_0),
    ("cameraDepth", _NUMBER, _FROM_0),
    ("cameraTilt", _WHOLE, {"minimum": -90, "maximum": 90}),
    ("cameraHeading", _WHOLE, {"minimum": 0, "maximum": 360}),
    ("detectionDistance", _NUMBER, _FROM_0),
    ("timestampIssues", _TRUTH, {}),
    ("baitUse", _TRUTH, {}),
    ("featureType", _TEXT, {"enum": _FEATURES}),
    ("habitat", _TEXT, {}),
    ("deploymentGroups", _TEXT, {}),
    ("deploymentTags", _TEXT, {}),
    ("deploymentComments", _TEXT, {}),
]

_MEDIA: List[Field] = [
    ("mediaID", _TEXT, _ONCE),
    ("deploymentID", _TEXT, _MUST),
    ("captureMethod", _TEXT, {"enum": list(CAPTURE_METHODS)}),
    ("timestamp", _WHEN, _MUST),
    ("filePath", _TEXT, {**_MUST, "pattern": LEGAL_PATH}),
    ("filePublic", _TRUTH, _MUST),
    ("fileName", _TEXT, {}),
    ("fileMediatype", _TEXT, {**_MUST, "pattern": "^(image|video|audio)/.*$"}),
    ("exifData", {"type": "any"}, {}),
    ("favorite", _TRUTH, {}),
    ("mediaComments", _TEXT, {}),
]

_OBSERVATIONS: List[Field] = [
    ("observationID", _TEXT, _ONCE),
    ("deploymentID", _TEXT, _MUST),
    ("mediaID", _TEXT, {}),
    ("eventID", _TEXT, {}),
    ("eventStart", _WHEN, _MUST),
    ("eventEnd", _WHEN, _MUST),
    ("observationLevel", _TEXT, {**_MUST, "enum": list(LEVELS)}),
    ("observationType", _TEXT, {**_MUST, "enum": list(TYPES)}),
    ("cameraSetupType", _TEXT, {"enum": ["setup", "calibration"]}),
    ("scientificName", _TEXT, {}),
    ("count", _WHOLE, {"minimum": 1}),
    ("lifeStage", _TEXT, {"enum": ["adult", "subadult", "juvenile"]}),
    ("sex", _TEXT, {"enum": ["female", "male"]}),
    ("behavior", _TEXT, {}),
    ("individualID", _TEXT, {}),
    ("individualPositionRadius", _NUMBER, _FROM_0),
    ("individualPositionAngle", _NUMBER, {"minimum": -90, "maximum": 90}),
    ("individualSpeed", _NUMBER, _FROM_0),
    ("bboxX", _NUMBER, _SHARE),
    ("bboxY", _NUMBER, _SHARE),
    ("bboxWidth", _NUMBER, _SIDE),
    ("bboxHeight", _NUMBER, _SIDE),
    ("classificationMethod", _TEXT, {"enum": ["human", "machine"]}),
    ("classifiedBy", _TEXT, {}),
    ("classificationTimestamp", _WHEN, {}),
    ("classificationProbability", _NUMBER, _SHARE),
    ("observationTags", _TEXT, {}),
    ("observationComments", _TEXT, {}),
]

_FIELDS = {"deployments": _DEPLOYMENTS, "media": _MEDIA, "observations": _OBSERVATIONS}
_KEYS = {"deployments": "deploymentID", "media": "mediaID", "observations": "observationID"}
_POINTS_TO = {"deployments": (), "media": ("deployments",), "observations": ("deployments", "media")}


def columns_of(table: str) -> List[str]:
    """The columns of a table, in their order."""
    return [name for name, _, _ in _FIELDS[table]]


def schema_of(table: str) -> Dict[str, Any]:
    """The rules of a table as a Table Schema.

    >>> schema_of("media")["primaryKey"], schema_of("media")["foreignKeys"][0]["reference"]["resource"]
    ('mediaID', 'deployments')
    """
    points = [(_KEYS[other], other) for other in _POINTS_TO[table]]
    keys = [{"fields": key, "reference": {"resource": other, "fields": key}} for key, other in points]
    fields = [{"name": name, **kind, "constraints": dict(rules)} for name, kind, rules in _FIELDS[table]]
    return {"fields": fields, "missingValues": MISSING, "primaryKey": _KEYS[table], "foreignKeys": keys}
