"""The JSON bodies that the service takes, and the limits of their parts."""

from typing import Any, Dict, List, Optional, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Annotated

from helpers.service.http.responses import NEW_PRODUCT, with_example
from helpers.service.valid_text import check_details, check_text

LARGEST = 2**63 - 1  # the largest id that either database can hold
MOST_IMAGES = 10_000  # of one product
MOST_PHOTOS = 100_000  # of one job

PRODUCT = r"^[A-Za-z0-9_][A-Za-z0-9._~:@+-]*$"
_NO_NUL = r"^[^\x00]*$"

ImageId = Annotated[int, Field(ge=1, le=LARGEST, strict=True)]
ProductId = Annotated[str, Field(min_length=1, max_length=200, pattern=PRODUCT)]
Words = Annotated[str, Field(max_length=1_000, pattern=_NO_NUL), AfterValidator(check_text)]
PhotoPath = Annotated[str, Field(min_length=1, max_length=4_096, pattern=_NO_NUL), AfterValidator(check_text)]
Folder = Annotated[str, Field(max_length=4_096, pattern=_NO_NUL), AfterValidator(check_text)]
Details = Annotated[Dict[str, Any], AfterValidator(check_details)]


class ProductBody(BaseModel):
    """A product without its id, and the images that show it."""

    model_config = with_example({name: NEW_PRODUCT[name] for name in ("name", "details", "images")}, extra="forbid")

    name: Words = ""
    details: Details = Field(default_factory=dict, description="any other information, as JSON")
    images: List[ImageId] = Field(default_factory=list, max_length=MOST_IMAGES, description="ids, in their order")


class NewProduct(ProductBody):
    """A product, and the images that show it."""

    model_config = with_example(NEW_PRODUCT, extra="forbid")

    id: ProductId


class PutProduct(ProductBody):
    """A product; an id in the body has to be that of the path."""

    id: Optional[ProductId] = None


INDEX_EXAMPLES: Dict[str, Any] = {
    "folder": {"summary": "a folder with all below it", "value": {"folder": "chairs"}},
    "photos": {
        "summary": "a list of photos, one of them of a product",
        "value": {"photos": ["chairs/red-01.jpg", {"path": "chairs/red-02.jpg", "products": ["chair-red"]}]},
    },
}


class PhotoToIndex(BaseModel):
    """A photo below the photo root, and the products that it shows."""

    model_config = ConfigDict(extra="forbid")

    path: PhotoPath
    products: List[ProductId] = Field(default_factory=list, max_length=1_000)


class IndexBody(BaseModel):
    """What to index: a folder, with all below it, or a list of photos."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [example["value"] for example in INDEX_EXAMPLES.values()],
            "oneOf": [{"required": ["folder"]}, {"required": ["photos"]}],
        },
    )

    folder: Folder = Field(default="", description="below the photo root; empty is the photo root itself")
    photos: List[Union[PhotoPath, PhotoToIndex]] = Field(default_factory=list, min_length=1, max_length=MOST_PHOTOS)

    @model_validator(mode="after")
    def _one(self) -> "IndexBody":
        if len({"folder", "photos"} & self.model_fields_set) != 1:
            raise ValueError("exactly one of `folder` and `photos` is needed")
        return self

    def request(self) -> Dict[str, Any]:
        """The request, as a job keeps it."""
        if "folder" in self.model_fields_set:
            return {"folder": self.folder}
        photos = [PhotoToIndex(path=photo) if isinstance(photo, str) else photo for photo in self.photos]
        return {"photos": [photo.model_dump() for photo in photos]}
