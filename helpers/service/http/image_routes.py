"""The images of the collection, and their thumbnails."""

from typing import Any, Dict

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import Annotated

from helpers.errors import NotFound, PhotoError
from helpers.service.http.requests import LARGEST
from helpers.service.http.responses import ImageDetailsResponse, ImagePageResponse
from helpers.service.records import ImageRecord
from helpers.service.service import LARGEST_THUMBNAIL, Service
from helpers.service.valid_text import places_here, without_places

_CACHED = "private, max-age=300"  # a browser asks again after five minutes: the file may have changed
_JPEG = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}

ImagePath = Annotated[int, Path(ge=1, le=LARGEST, description="of an image", examples=[17])]


class ImagePage(BaseModel):
    """Which images."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(0, ge=0, le=LARGEST, description="the last id of the page before")
    limit: int = Field(100, ge=1, le=1_000)


class ThumbnailSize(BaseModel):
    """How large."""

    model_config = ConfigDict(extra="forbid")

    size: int = Field(160, ge=16, le=LARGEST_THUMBNAIL, description="pixels along the longer side, at most")


def image_routes(service: Service) -> APIRouter:
    """The routes to images."""
    routes = APIRouter(tags=["images"])

    @routes.get("/images", summary="All images, by id", response_model=ImagePageResponse)
    def images(page: Annotated[ImagePage, Query()]) -> Dict[str, Any]:
        images = service.storage.images.page(after=page.after, limit=page.limit)
        last = images[-1].id if len(images) == page.limit else None
        return {"images": images, "next": last, "total": service.storage.images.count()}

    @routes.get("/images/{image}", summary="An image", response_model=ImageDetailsResponse)
    def image(image: ImagePath) -> ImageRecord:
        return service.storage.images.get(image)

    @routes.delete("/images/{image}", summary="Take an image out of the collection", status_code=204)
    def remove(image: ImagePath) -> None:
        """Its file stays where it is."""
        service.storage.images.remove(image)

    @routes.get(
        "/images/{image}/thumbnail",
        summary="A JPEG of an image, small or as large as a screen",
        response_class=Response,
        responses={
            200: {"description": "The thumbnail.", "content": _JPEG},
            304: {"description": "The thumbnail has not changed."},
        },
    )
    def thumbnail(request: Request, image: ImagePath, wanted: Annotated[ThumbnailSize, Query()]) -> Response:
        """404, with the reason, where the file of the photo is gone or can no longer be read."""
        row = service.storage.images.get(image)
        tag = f'"{row.identity[:32]}-{wanted.size}"'
        headers = {"ETag": tag, "Cache-Control": _CACHED}
        if tag in (known.strip() for known in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        file = service.root.file(row.path)
        try:
            jpeg = service.thumbnail(file, row.identity, wanted.size)
        except PhotoError as error:
            reason = without_places(str(error), str(service.root.path), *places_here())
            raise NotFound(f"image {image} has no thumbnail: {reason}") from error
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    return routes
