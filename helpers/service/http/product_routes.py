"""The products that images show."""

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Annotated

from helpers.errors import Refused
from helpers.service.http import responses
from helpers.service.http.forms import no_query, one_each
from helpers.service.http.problems import described
from helpers.service.http.requests import PRODUCT, NewProduct, PutProduct
from helpers.service.service import Service

ProductPath = Annotated[
    str, Path(min_length=1, max_length=200, pattern=PRODUCT, description="of a product", examples=["chair-red"])
]


class ProductPage(BaseModel):
    """Which products."""

    model_config = ConfigDict(extra="forbid")

    after: str = Field("", max_length=200, pattern=f"^$|{PRODUCT}")
    limit: int = Field(100, ge=1, le=1_000)


def product_routes(service: Service) -> APIRouter:
    """The routes to products."""
    routes = APIRouter(tags=["products"])

    @routes.get("/products", summary="All products, by id", responses=described(), dependencies=[Depends(one_each)])
    def products(page: Annotated[ProductPage, Query()]) -> responses.Products:
        found = service.storage.products.page(after=page.after, limit=page.limit)
        return responses.Products(
            products=[responses.Product.of(product) for product in found],
            next=found[-1].id if len(found) == page.limit else None,
        )

    @routes.get("/products/{product}", summary="A product", responses=described(), dependencies=[Depends(no_query)])
    def product(product: ProductPath) -> responses.Product:
        return responses.Product.of(service.storage.products.get(product))

    @routes.post(
        "/products",
        summary="Make a product",
        status_code=201,
        responses={**described(409), 201: {"headers": _LOCATION, "description": "It was made."}},
        dependencies=[Depends(no_query)],
    )
    def make(body: NewProduct, response: Response) -> responses.Product:
        made = service.storage.products.create(body.id, body.name, body.details, body.images)
        response.headers["Location"] = f"/products/{made.id}"
        return responses.Product.of(made)

    @routes.put(
        "/products/{product}",
        summary="Make a product, or put another in its place",
        responses={
            **described(),
            201: {"model": responses.Product, "headers": _LOCATION, "description": "It was made."},
            200: {"description": "It took the place of the one that was there."},
        },
        dependencies=[Depends(no_query)],
    )
    def put(product: ProductPath, body: PutProduct, response: Response) -> responses.Product:
        if body.id not in (None, product):
            raise Refused(f"the body is about product {body.id}, and the address about {product}", 422)
        kept, is_new = service.storage.products.replace(product, body.name, body.details, body.images)
        if is_new:
            response.status_code = 201
            response.headers["Location"] = f"/products/{kept.id}"
        return responses.Product.of(kept)

    @routes.delete(
        "/products/{product}",
        summary="Take a product away",
        status_code=204,
        responses=described(),
        dependencies=[Depends(no_query)],
    )
    def remove(product: ProductPath) -> None:
        """Its images stay."""
        service.storage.products.remove(product)

    return routes


_LOCATION = {"Location": {"description": "Where it is, on this service.", "schema": {"type": "string"}}}
