"""The products that images show."""

from typing import Any, Dict

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Annotated

from helpers.errors import Refused
from helpers.service.http.json_bodies import JsonRoute
from helpers.service.http.problems import LOCATION, described
from helpers.service.http.requests import PRODUCT, NewProduct, PutProduct
from helpers.service.http.responses import ProductPageResponse, ProductResponse
from helpers.service.records import Product
from helpers.service.service import Service

_CREATED: Dict[str, Any] = {"headers": LOCATION, "description": "The product was created."}

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
    routes = APIRouter(tags=["products"], route_class=JsonRoute)

    @routes.get("/products", summary="All products, by id", response_model=ProductPageResponse)
    def products(page: Annotated[ProductPage, Query()]) -> Dict[str, Any]:
        products = service.storage.products.page(after=page.after, limit=page.limit)
        return {"products": products, "next": products[-1].id if len(products) == page.limit else None}

    @routes.get("/products/{product}", summary="A product", response_model=ProductResponse)
    def product(product: ProductPath) -> Product:
        return service.storage.products.get(product)

    @routes.post(
        "/products",
        summary="Create a product",
        status_code=201,
        response_model=ProductResponse,
        responses={**described(409), 201: _CREATED},
    )
    def create(body: NewProduct, response: Response) -> Product:
        response.headers["Location"] = f"/products/{body.id}"
        return service.storage.products.create(body.id, body.name, body.details, body.images)

    @routes.put(
        "/products/{product}",
        summary="Create or replace a product",
        response_model=ProductResponse,
        responses={
            201: {"model": ProductResponse, **_CREATED},
            200: {"description": "The product was replaced."},
        },
    )
    def put(product: ProductPath, body: PutProduct, response: Response) -> Product:
        if body.id not in (None, product):
            raise Refused(f"the body has product id {body.id}, the address {product}", 422)
        row, is_new = service.storage.products.replace(product, body.name, body.details, body.images)
        if is_new:
            response.status_code = 201
            response.headers["Location"] = f"/products/{product}"
        return row

    @routes.delete("/products/{product}", summary="Delete a product", status_code=204)
    def remove(product: ProductPath) -> None:
        """Its images stay."""
        service.storage.products.remove(product)

    return routes
