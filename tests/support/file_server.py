"""A web server on this machine that serves files well or badly, as told."""

import contextlib
import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Dict, Iterator, Sequence


class FileServer(ThreadingHTTPServer):
    """Serves `files` by name; the n-th download behaves as the n-th of `moods`, and as `well` after the last.

    Moods: `well`; `cut`: half the file under the length of the whole; `packed`: the file as gzip, which is unpacked on
    the way; `endless`: the file again and again, 64 times; a status such as `500`.
    """

    daemon_threads = True

    def __init__(self, files: Dict[str, bytes], moods: Sequence[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.moods = files, moods
        self.downloads = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextlib.contextmanager
def serving(files: Dict[str, bytes], moods: Sequence[str] = ()) -> Iterator[FileServer]:
    with FileServer(files, moods) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        turn, self.server.downloads = self.server.downloads, self.server.downloads + 1
        mood = self.server.moods[turn] if turn < len(self.server.moods) else "well"
        content = self.server.files.get(self.path.lstrip("/"))
        if mood.isdigit() or content is None:
            self.send_error(int(mood) if mood.isdigit() else 404)
            return
        self.send_response(200)
        if mood == "packed":
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        if mood != "endless":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            for _ in range(64 if mood == "endless" else 1):
                self.wfile.write(content[: len(content) // 2] if mood == "cut" else content)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output quiet."""
