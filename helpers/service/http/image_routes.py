"""The images of the collection, and their thumbnails."""

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import Annotated

from helpers.errors import NotFound, PhotoError
from helpers.service.http import responses
from helpers.service.http.forms import no_query, one_each
from helpers.service.http.problems import described
from helpers.service.http.requests import LARGEST
from helpers.service.http.search_routes import ImagePath
from helpers.service.service import Service

_KEPT = "private, max-age=300"  # a browser asks again after five minutes: the file may have changed


class ImagePage(BaseModel):
    """Which images."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(0, ge=0, le=LARGEST, description="the last id of the page before")
    limit: int = Field(100, ge=1, le=1_000)


class Size(BaseModel):
    """How large."""

    model_config = ConfigDict(extra="forbid")

    size: int = Field(160, ge=16, le=512, description="pixels along the longer side, at most")


def image_routes(service: Service) -> APIRouter:
    """The routes to images."""
    routes = APIRouter(tags=["images"])

    @routes.get("/images", summary="All images, by id", responses=described(), dependencies=[Depends(one_each)])
    def images(page: Annotated[ImagePage, Query()]) -> responses.Images:
        found = service.storage.images.page(after=page.after, limit=page.limit)
        return responses.Images(
            images=[responses.WholeImage.of(image) for image in found],
            next=found[-1].id if len(found) == page.limit else None,
            total=service.storage.images.count(),
        )

    @routes.get("/images/{image}", summary="An image", responses=described(), dependencies=[Depends(no_query)])
    def image(image: ImagePath) -> responses.WholeImage:
        return responses.WholeImage.of(service.storage.images.get(image))

    @routes.delete(
        "/images/{image}",
        summary="Take an image out of the collection",
        status_code=204,
        responses=described(),
        dependencies=[Depends(no_query)],
    )
    def remove(image: ImagePath) -> None:
        """Its file stays where it is."""
        service.storage.images.remove(image)

    @routes.get(
        "/images/{image}/thumbnail",
        summary="A small JPEG of an image",
        response_class=Response,
        responses={
            **described(),
            200: {"description": "The thumbnail.", "content": {"image/jpeg": {"schema": _BYTES}}},
            304: {"description": "It is as it was."},
        },
        dependencies=[Depends(one_each)],
    )
    def thumbnail(request: Request, image: ImagePath, wish: Annotated[Size, Query()]) -> Response:
        """A photo whose file has gone, or can no longer be read, has none: 404 says why."""
        kept = service.storage.images.get(image)
        tag = f'"{kept.identity[:32]}-{wish.size}"'
        headers = {"ETag": tag, "Cache-Control": _KEPT}
        if tag in (each.strip() for each in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        file = service.root.file(kept.path)
        try:
            jpeg = service.thumbnail(file, kept.identity, wish.size)
        except PhotoError as error:
            raise NotFound(f"image {image} has no thumbnail: {error}") from error
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    return routes


_BYTES = {"type": "string", "format": "binary"}
