"""What a search asks: by a query, or by a form with a photo, a URL or the id of an image."""

from typing import Any, Dict, List, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect, Request
from typing_extensions import Annotated, Literal

from helpers.errors import Refused
from helpers.service.http.problems import sentence
from helpers.service.http.requests import LARGEST, ProductId
from helpers.service.valid_text import check_text

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
MOST = 1_000  # images in one answer

_MOST_PRODUCTS = 100
_MOST_BYTES = 65_536  # of a field that is no file
_LISTS = ("product",)
_WAYS = ("photo", "url", "image")
_OBJECT = {"type": "object", "additionalProperties": False}

Url = Annotated[str, Field(max_length=2_000, pattern=r"^https?://[^\x00-\x20\x7f\\]+$"), AfterValidator(check_text)]
Score = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=1, le=LARGEST)]
Nothing = SkipJsonSchema[None]


class Wish(BaseModel):
    """How many images of which kind are asked for."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(10, ge=1, le=MOST, description="images at most")
    metric: Union[Literal["cosine", "euclidean"], Nothing] = Field(None, description="the service's own unless told")
    product: List[ProductId] = Field([], max_length=_MOST_PRODUCTS, description="only images of one of these products")
    min_score: Union[Score, Nothing] = Field(None, description="only images with this score or a larger one")


class Asked(BaseModel):
    """A photo from outside."""

    model_config = ConfigDict(extra="forbid")

    photo: Union[bytes, Nothing] = Field(
        None, description="a photo file", json_schema_extra={"type": "string", "format": "binary"}
    )
    url: Union[Url, Nothing] = Field(None, description="where a photo is, on a host that the service may ask")

    @model_validator(mode="after")
    def _one(self) -> "Asked":
        ways = [way for way in _WAYS if way in type(self).model_fields]
        if sum(getattr(self, name) is not None for name in ways) != 1:
            raise ValueError(f"exactly one of {', '.join(ways[:-1])} and {ways[-1]} is to be told")
        return self


class Question(Wish, Asked):
    """A photo from outside or an image of the collection, and what is wished for."""

    image: Union[Whole, Nothing] = Field(None, description="the id of an image of the collection")


async def read_form(request: Request, kind: Any) -> Any:
    """The form of a request as a `Question` or an `Asked`; raises `Refused`."""
    written = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if written not in FORMS:
        raise Refused(f"the body is to be {FORMS[0]}, and not {written[:80] or 'without a type'!r}", 415)
    try:
        async with request.form(max_files=1, max_fields=_MOST_PRODUCTS + 20, max_part_size=_MOST_BYTES) as form:
            values = await _values(form, kind)
    except ClientDisconnect:
        raise Refused("the connection ended before the form did", 400) from None
    except (UnicodeDecodeError, LookupError, OverflowError) as error:
        raise Refused(f"the form cannot be read: {error}", 400) from error
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise Refused(sentence(error.errors()), 422) from None


def form_description(kind: Any, examples: Dict[str, Any]) -> Dict[str, Any]:
    """What the OpenAPI document says of the form of a `Question` or an `Asked`; each way to ask by itself."""
    content: Dict[str, Any] = {}
    for written in FORMS:
        ways = [way for way in _WAYS if way in kind.model_fields and (way != "photo" or written == FORMS[0])]
        one = [_by(kind, way) for way in ways]
        content[written] = {"schema": {"oneOf": one} if len(one) > 1 else one[0]}
        if examples:
            content[written]["examples"] = {name: {"value": each} for name, each in examples.items()}
    return {"requestBody": {"required": True, "content": content}}


def _by(kind: Any, way: str) -> Dict[str, Any]:
    schema = kind.model_json_schema()
    fields = {name: each for name, each in schema["properties"].items() if name == way or name not in _WAYS}
    for name in set(_LISTS) & set(fields):  # one field alone is a list of one
        told = fields[name]
        several = {part: told[part] for part in ("type", "items", "maxItems")}
        fields[name] = {"description": told["description"], "anyOf": [told["items"], several]}
    return {"title": f"By {way}", **_OBJECT, "properties": fields, "required": [way]}


def one_each(request: Request) -> None:
    """Raises `Refused` where a query tells the same thing twice, one of which would be passed over."""
    names = [name for name, _ in request.query_params.multi_items() if name not in _LISTS]
    if len(set(names)) != len(names):
        raise Refused("a name stands twice in the query", 422)


def no_query(request: Request) -> None:
    """Raises `Refused` for a query where there is nothing to ask by one."""
    if request.query_params:
        raise Refused(f"nothing can be asked here by a query: leave ?{next(iter(request.query_params))[:40]} out", 422)


async def _values(form: FormData, kind: Any) -> Dict[str, Any]:
    values: Dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) != (name == "photo") and name in kind.model_fields:
            raise Refused(f"{name} is to be {'a file' if name == 'photo' else 'a field, and no file'}", 422)
        if name in _LISTS:
            values.setdefault(name, []).append(value)
            continue
        if name in values:
            raise Refused(f"{name[:40]} stands twice in the form", 422)
        values[name] = await value.read() if isinstance(value, UploadFile) else value
    return values
