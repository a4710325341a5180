"""The parameters of a search, and the forms that carry a photo, a URL or the id of an image."""

import re
from typing import Any, Awaitable, Callable, Dict, List, Type, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect, Request
from typing_extensions import Annotated, Literal

from helpers.errors import Refused
from helpers.networks.words import LONGEST
from helpers.service.gate.logs import LOG
from helpers.service.http.problems import REPEATED, sentence
from helpers.service.http.requests import LARGEST, ProductId
from helpers.service.valid_text import check_text

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
MOST = 1_000  # images in one answer

_MOST_PRODUCTS = 100
_MOST_BYTES = 65_536  # of a field that is not a file
_WAYS = ("photo", "url", "image", "text")
_UTF_8 = re.compile(r"charset\s*=\s*(\"?)utf-?8\1(?=\s*(;|$))")
_OBJECT = {"type": "object", "additionalProperties": False}

Url = Annotated[str, Field(max_length=2_000, pattern=r"^https?://[^\x00-\x20\x7f\\]+$"), AfterValidator(check_text)]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(check_text)]
Score = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=1, le=LARGEST)]
_NotNull = SkipJsonSchema[None]  # may be left out, and not be null


class SearchParameters(BaseModel):
    """How many images, and which."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(10, ge=1, le=MOST, description="images at most")
    metric: Union[Literal["cosine", "euclidean"], _NotNull] = Field(None, description="default: that of the service")
    product: List[ProductId] = Field([], max_length=_MOST_PRODUCTS, description="only images of one of these products")
    min_score: Union[Score, _NotNull] = Field(None, description="only images with this score or a larger one")


class PhotoForm(BaseModel):
    """A photo from outside."""

    model_config = ConfigDict(extra="forbid")

    photo: Union[bytes, _NotNull] = Field(
        None, description="a photo file", json_schema_extra={"type": "string", "format": "binary"}
    )
    url: Union[Url, _NotNull] = Field(None, description="the address of a photo, on a host that the service allows")

    @model_validator(mode="after")
    def _one(self) -> "PhotoForm":
        ways = [way for way in _WAYS if way in type(self).model_fields]
        if sum(getattr(self, name) is not None for name in ways) != 1:
            raise ValueError(f"exactly one of {', '.join(ways[:-1])} and {ways[-1]} is needed")
        return self


class SearchForm(SearchParameters, PhotoForm):
    """A photo from outside, an image of the collection or words, and which images are searched for."""

    image: Union[Whole, _NotNull] = Field(None, description="the id of an image of the collection")
    text: Union[Words, _NotNull] = Field(None, description="words that the network has learnt, such as dog or cat")


def form_of(kind: Type[PhotoForm]) -> Callable[[Request], Awaitable[PhotoForm]]:
    """A dependency that reads the form of a request, and raises `Refused`.

    FastAPI's own form models accept a repeated field, of which they take the last
    value, a body of any type, and a thousand files.
    """

    async def form(request: Request) -> PhotoForm:
        given = request.headers.get("content-type", "").lower()
        content_type = given.split(";")[0].strip()
        if "charset" in _UTF_8.sub("", given):  # fields would be read in it, and some of Python's take quadratic time
            raise Refused("the fields of a form are UTF-8: leave out the charset", 415)
        if content_type not in FORMS:
            raise Refused(f"the body has to be {FORMS[0]}, not {content_type[:80] or 'without a type'!r}", 415)
        try:
            async with request.form(max_files=1, max_fields=_MOST_PRODUCTS + 20, max_part_size=_MOST_BYTES) as fields:
                return kind.model_validate(await _values(fields, kind))
        except ClientDisconnect:
            raise Refused("the connection ended before the form did", 400) from None
        except ValidationError as error:
            raise Refused(sentence(error.errors()), 422) from None
        except (UnicodeDecodeError, LookupError, OverflowError) as error:
            raise Refused(f"the form cannot be read: {error}", 400) from error
        except OSError as error:  # an upload of more than 1 MB waits in a temporary file
            LOG.error("an upload cannot be kept: %s", error)
            raise Refused("the service has no room for uploads just now; send a smaller photo", 503) from error

    return form


def form_description(kind: Type[PhotoForm], examples: Dict[str, Any]) -> Dict[str, Any]:
    """The form of a request in the OpenAPI document, with a schema for each way to name the photo."""
    content: Dict[str, Any] = {}
    for content_type in FORMS:
        ways = [way for way in _WAYS if way in kind.model_fields and (way != "photo" or content_type == FORMS[0])]
        schemas = [_schema(kind, way) for way in ways]
        content[content_type] = {
            "schema": {"oneOf": schemas} if len(schemas) > 1 else schemas[0],
            "examples": {name: {"value": example} for name, example in examples.items()},
        }
    return {"requestBody": {"required": True, "content": content}}


def _schema(kind: Type[PhotoForm], way: str) -> Dict[str, Any]:
    properties = kind.model_json_schema()["properties"]
    fields = {name: field for name, field in properties.items() if name == way or name not in _WAYS}
    for name in set(REPEATED) & set(fields):  # a single field is a list of one
        field = fields[name]
        several = {part: field[part] for part in ("type", "items", "maxItems")}
        fields[name] = {"description": field["description"], "anyOf": [field["items"], several]}
    return {"title": f"By {way}", **_OBJECT, "properties": fields, "required": [way]}


async def _values(form: FormData, kind: Type[PhotoForm]) -> Dict[str, Any]:
    values: Dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) != (name == "photo") and name in kind.model_fields:
            raise Refused(f"{name} has to be {'a file' if name == 'photo' else 'a field, not a file'}", 422)
        if name in REPEATED:
            values.setdefault(name, []).append(value)
            continue
        if name in values:
            raise Refused(f"{name[:40]} is repeated in the form", 422)
        values[name] = await value.read() if isinstance(value, UploadFile) else value
    return values
