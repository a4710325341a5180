"""A server that answers what a test tells it to: what a real service does too rarely to wait for."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, List, NamedTuple, Optional


class Answer(NamedTuple):
    """What is answered to one request; status 0 ends the connection without a word."""

    status: int = 200
    body: Any = {}  # noqa: RUF012  (never changed)
    headers: Dict[str, str] = {}  # noqa: RUF012


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: Any
    body: bytes


class Fake:
    """Answers in turn, the last one again and again; and what was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: List[Answer] = [Answer()]
        self.asked: List[Asked] = []

    def say(self, *answers: Answer) -> None:
        self.answers, self.asked = list(answers), []

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def trouble(status: int, message: str = "no", **headers: str) -> Answer:
    """An error as the service words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": {"status": status, "message": message}}, named)


@contextlib.contextmanager
def fake_service() -> Iterator[Fake]:
    """A fake on a port of its own."""
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.asked.append(Asked(self.command, self.path, self.headers, body))
            answer = fake.next()
            if answer.status == 0:
                self.close_connection = True
                return
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, format: Optional[str], *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
