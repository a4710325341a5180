"""`make serve`: a search service for the photos of a folder; and the keys for its API."""

import _thread
import contextlib
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, List, NoReturn, Optional, Sequence

from helpers.errors import FolderError, KinframeError, ServiceError
from helpers.files.spelling import print_anywhere, printable
from helpers.photos.folder import check_folder, check_has_photos
from helpers.service.command_line import WAY_OUT, settings_of
from helpers.service.heaps import few_heaps
from helpers.service.keys_command import change_keys, check_keys
from helpers.service.settings import PORT, Settings

if TYPE_CHECKING:
    from helpers.service.service import Service

_LAST = 6.0  # seconds for everything to end
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Serve, or change the keys; the exit status: 0, 1 for an error, 2 for a wrong option or folder."""
    print_anywhere()
    given: List[str] = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return change_keys(given[1:]) if given[:1] == ["keys"] else _serve(given)
    except KinframeError as error:
        print(printable(str(error)), file=sys.stderr)
        return 2 if isinstance(error, FolderError) else 1
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "helpers":
            raise
        needed = "Python 3.10 or newer and, in the folder of this clone, pip install -e '.[service]'"
        print(f"The service needs {needed} ({error})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _serve(arguments: Sequence[str]) -> int:
    settings, with_stdin = settings_of(arguments)
    # Where photos may come from other hosts, the folder may have none.
    (check_folder if settings.allowed_hosts else check_has_photos)(settings.photos, WAY_OUT)
    check_keys(settings)
    few_heaps()
    listening = _listen(settings.host, settings.port)
    _listen_to_signals()
    if with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()

    from threadpoolctl import threadpool_limits

    from helpers.service.gate.logs import start_logging
    from helpers.service.http.app import create_app
    from helpers.service.http.server import serve
    from helpers.service.service import Service

    start_logging()
    service = Service(settings)
    # Requests are threads already: those of BLAS would wait for each other, and use the processor meanwhile. It has to
    # be this thread that limits them: OpenBLAS 0.3.34 does not listen to others.
    with threadpool_limits(1, "blas"), listening:
        try:
            service.start()
            _introduce(service)
            images = service.storage.images.count()
            _begin_listening(listening, settings)
            address = f"http://{_bracketed(settings.host)}:{listening.getsockname()[1]}/"
            serve(
                create_app(service),
                listening,
                lambda: print(f"Kinframe serves {images:,} images on {address}", flush=True),
                proxies=settings.proxies,
                signals=_SIGNALS,
            )
        except KeyboardInterrupt:
            pass
        finally:
            for number in _SIGNALS:  # it is ending already
                signal.signal(number, signal.SIG_IGN)
            # Workers that do not end, or a database that does not answer, must not keep it: a job is taken up again.
            last = threading.Timer(_LAST, os._exit, [int(sys.exc_info()[0] is not None)])
            last.daemon = True
            last.start()
            service.stop()
            last.cancel()
    return 0


def _introduce(service: "Service") -> None:
    print(printable(f"Photos: {service.root.path}"))
    print(printable(f"Collection: {service.storage.note}"))
    print(f"Network: {service.network.name}, {service.network.settled.note}")
    job = service.first_job()
    if job is not None:
        print(f"Nothing was indexed yet: job {job.id} indexes all photos now; those that are done can be searched.")
    elif service.lacks_features:
        print("Some images were indexed with another network, and cannot be found: index their folders again.")
    if not service.access.needed:
        print("Only this machine can reach it, and needs no key: it has none yet.")
    if sys.stdin is not None and sys.stdin.isatty():  # and not a notebook, which ends it by itself
        print("Ctrl+C ends it.")
    sys.stdout.flush()


def _listen(host: str, port: int) -> socket.socket:
    """A socket at an address, before anything else is done; raises `ServiceError` where it is not available."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":  # also just after another server has ended
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except BaseException:
            listening.close()
            raise
        return listening
    except (OSError, OverflowError, UnicodeError) as error:
        raise _unavailable(host, port, error) from error


def _begin_listening(listening: socket.socket, settings: Settings) -> None:
    """Raises `ServiceError` where a server that was started at the same time has the address already."""
    try:
        listening.listen()
    except OSError as error:
        raise _unavailable(settings.host, settings.port, error) from error


def _unavailable(host: str, port: int, error: Exception) -> ServiceError:
    other = port + 1 if port < 65_535 else PORT
    return ServiceError(
        f"{host}, port {port}, is not available ({error}); use --port {other} (make serve: PORT={other}), or another "
        "--host"
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listen_to_signals() -> None:
    """End in order on each of them; SIGHUP (the terminal was closed) is left to `nohup` where that ignores it."""
    for number in _SIGNALS:
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _end_with_stdin() -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4_096):
            pass
    if os.name == "posix":
        os.kill(os.getpid(), signal.SIGTERM)
    else:  # there a signal would end it on the spot
        _thread.interrupt_main()


def _leave(status: int) -> NoReturn:
    """End the process, at once where threads still wait for an answer or for workers, which notice and end too.

    The interpreter would wait for these threads, and Dask would close again what is being closed, and print errors.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if any(thread.is_alive() and not thread.daemon for thread in threading.enumerate()[1:]):
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    _leave(main())
