"""JSON bodies, read and checked by a thread: with 100,000 photos that takes seconds, in which others are answered."""

from typing import Any, Callable, Coroutine

from anyio import to_thread
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from helpers.errors import Refused
from helpers.files.json_file import parse_json

MOST_PARTS = 300_000  # lists and objects: a request for 100,000 photos with products has 200,002
_MOST_FAULTS = 100  # that are told of


class JsonRoute(APIRoute):
    """A route whose body, if it is a model, comes to FastAPI as that model."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Answer a request."""
        answer, field = super().get_route_handler(), self.body_field
        model: Any = None if field is None else field.field_info.annotation

        async def handler(request: Request) -> Response:
            if _is_json(request) and isinstance(model, type) and issubclass(model, BaseModel):
                try:
                    content = await request.body()
                except ClientDisconnect:
                    raise Refused("the connection ended before the body did", 400) from None
                if content:
                    request._json = await to_thread.run_sync(_checked, content, model)
            return await answer(request)

        return handler


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _checked(content: bytes, model: Any) -> Any:
    """The body as a model; raises `Refused` (400, 422) and `RequestValidationError`."""
    if content.count(b"[") + content.count(b"{") > MOST_PARTS:  # the parser holds all other threads meanwhile
        raise Refused(f"the body has more than {MOST_PARTS:,} lists and objects", 422)
    try:
        value = parse_json(content)
    except ValueError:
        raise Refused("the body is not JSON", 400) from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)[:_MOST_FAULTS]
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults]) from None
