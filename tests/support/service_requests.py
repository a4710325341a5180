"""An ASGI application, asked without a server: message by message, as slowly as a test wants."""

import asyncio
from typing import NamedTuple


class Told(NamedTuple):
    """What was answered."""

    status: int
    headers: "dict[str, str]"
    body: bytes
    messages: "list[dict]"
    scope: dict
    unread: bool  # whether the answer began before any of the body was read


def ask(app, method="GET", path="/", *, headers=(), body=(), query=b"", client=("127.0.0.1", 5), pause=0.0, **scope):
    """What `app` answers; `body` is bytes or pieces, `pause` the seconds before each piece but the first."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    given = [("host", "localhost:8000"), *headers]
    named = {name for name, _ in headers}
    if "host" in named:
        given = list(headers)
    full = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given if value is not None],
        "client": client,
        "scheme": "http",
        **scope,
    }
    return asyncio.run(_ask(app, full, pieces or [b""], pause))


async def _ask(app, scope, pieces, pause):
    sent, begun, unread, gone = [], False, True, asyncio.Event()

    async def receive():
        nonlocal begun, unread
        unread = unread and bool(sent)
        if not pieces:
            await gone.wait()
            return {"type": "http.disconnect"}
        if begun:
            await asyncio.sleep(pause)
        begun = True
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message):
        sent.append(message)

    await asyncio.wait_for(app(scope, receive, send), 60)
    start = next(message for message in sent if message["type"] == "http.response.start")
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    body = b"".join(message.get("body", b"") for message in sent)
    return Told(start["status"], headers, body, sent, scope, unread)
