"""Requests to a search service, with a key; its errors become exceptions with the same message."""

import re
import time
from typing import Any, Dict, Optional
from urllib.parse import urlsplit

from helpers.errors import NotFound, Refused, ServiceError, Unavailable
from helpers.files.json_file import parse_json

_PAUSES = (0.3, 1.0, 2.0, 4.0)  # seconds before a request is tried again
_LONGEST_PAUSE = 60.0  # seconds that a service may ask to wait
_CONNECT = 5.0  # seconds
_EXCERPT = 300  # characters of an unexpected answer
_LARGEST, _BLOCK = 2**27, 2**16  # bytes of an answer: a page of 1,000 products has half of it at most
_KEY = re.compile(r"[!-~]+")


class Connection:
    """Requests to the service at `url`; several threads may use it.

    Raises `ServiceError` for an invalid address, key or timeout.
    """

    def __init__(self, url: str, key: Optional[str], timeout: float) -> None:
        self.url, self._timeout = _checked(url), timeout
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
            raise ServiceError(f"timeout is a number of seconds, more than 0, not {timeout!r}")
        if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
            raise ServiceError("the key is invalid: keys look like kf_…, without spaces and line breaks")
        self._session = _session(self.url, key)

    def json(self, method: str, path: str, *, may_repeat: bool = True, **request: Any) -> Any:
        """The answer to a request as JSON, None where it is empty; see `answer`."""
        answer = self.answer(method, path, may_repeat=may_repeat, **request)
        if answer.status_code == 204:
            return None
        try:
            return parse_json(answer.content)
        except ValueError as error:
            raise self._unexpected(answer) from error

    def answer(self, method: str, path: str, *, may_repeat: bool = True, **request: Any) -> Any:
        """The successful answer to a request; `request` has arguments of `requests.request`.

        A request that `may_repeat` is sent again a few times where the service
        is not ready or a kept connection has ended; any request is, after a
        pause, where it came too early for the rate limit. Raises `NotFound`,
        `Refused`, `Unavailable` or `ServiceError`, with the service's message.
        """
        for pause in (*_PAUSES, None):
            try:
                answer = self._ask(method, path, request)
            except _ConnectionLost as error:
                if pause is None or not may_repeat:
                    raise self._unreachable(error) from error.__cause__
                time.sleep(pause)
                continue
            wait = self._pause(answer, pause, may_repeat)
            if wait is None:
                break
            time.sleep(wait)
        if not 200 <= answer.status_code < 300:
            raise self._error(answer)
        return answer

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def _ask(self, method: str, path: str, request: Dict[str, Any]) -> Any:
        from requests import exceptions

        timeout = (min(_CONNECT, self._timeout), self._timeout)
        try:
            with self._session.request(
                method, self.url + path, timeout=timeout, allow_redirects=False, stream=True, **request
            ) as answer:
                self._read(answer)
                return answer
        except exceptions.ReadTimeout as error:
            raise Unavailable(f"{self.url} did not answer within {self._timeout:g} s") from error
        except (exceptions.SSLError, exceptions.ProxyError, exceptions.ConnectTimeout) as error:
            raise self._unreachable(error) from error
        except exceptions.ConnectionError as error:
            if "refused" in str(error) or "resolve" in str(error) or "unreachable" in str(error):
                raise self._unreachable(error) from error
            raise _ConnectionLost from error
        except exceptions.ChunkedEncodingError as error:
            raise _ConnectionLost from error
        except (exceptions.RequestException, ValueError) as error:
            raise ServiceError(f"{self.url}: the request could not be made ({type(error).__name__})") from error

    def _read(self, answer: Any) -> None:
        """Read the content of an answer, which may be packed, or without an end."""
        content = bytearray()
        for block in answer.iter_content(_BLOCK):
            content += block
            if len(content) > _LARGEST:
                raise ServiceError(f"{self.url} answers with more than {_LARGEST:,} bytes; check the address")
        answer._content = bytes(content)  # where requests keeps it

    def _pause(self, answer: Any, pause: Optional[float], may_repeat: bool) -> Optional[float]:
        """Seconds until the request is sent again; None where it is not."""
        if pause is None or not (answer.status_code == 429 or (answer.status_code == 503 and may_repeat)):
            return None
        header = answer.headers.get("Retry-After", "")
        seconds = float(header) if re.fullmatch(r"\d{1,6}(\.\d+)?", header) else 0.0
        if answer.status_code == 503:  # it may be ready sooner
            return max(pause, min(seconds, _PAUSES[-1]))
        return None if seconds > _LONGEST_PAUSE else max(pause, seconds)

    def _error(self, answer: Any) -> ServiceError:
        try:
            message, status = str(parse_json(answer.content)["error"]["message"]), answer.status_code
        except (ValueError, KeyError, TypeError):
            if answer.status_code == 503:  # from a proxy in front of a service that does not run
                return Unavailable(f"{self.url} is not ready (503); try again later")
            return self._unexpected(answer)
        if status == 401:
            message = f"{message} (Client(url, key=…) takes a key)"
        if status == 404:
            return NotFound(message)
        if status == 503:
            return Unavailable(message)
        return Refused(message, status) if 400 <= status < 500 else ServiceError(message, status)

    def _unexpected(self, answer: Any) -> ServiceError:
        excerpt = " ".join(answer.text.split())[:_EXCERPT]
        return ServiceError(
            f"{self.url} answers ({answer.status_code}), but not as a search service of Kinframe does: {excerpt!r}; "
            "check the address",
            answer.status_code,
        )

    def _unreachable(self, error: BaseException) -> Unavailable:
        return Unavailable(
            f"no search service can be reached at {self.url} ({_root(error)}); is it running? make serve "
            "FOLDER=path/to/photos starts one"
        )


class _ConnectionLost(Exception):
    """A connection that ended before the answer, such as when a service is started again."""


def _checked(url: str) -> str:
    parts = urlsplit(url if isinstance(url, str) else "")
    try:
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid port
        is_address = False
    if not is_address or parts.query or parts.fragment:
        raise ServiceError(f"{url!r} is not the address of a service, such as http://127.0.0.1:8000")
    if parts.username is not None or parts.password is not None:
        raise ServiceError("the address contains a user name or password; give a key as Client(url, key=…)")
    return url.rstrip("/")


def _session(url: str, key: Optional[str]) -> Any:
    from http.cookiejar import DefaultCookiePolicy

    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # which threads would share
    session.headers["User-Agent"] = "Kinframe"
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=32))

    def with_key(request: Any) -> Any:
        if key is not None:
            request.headers["Authorization"] = f"Bearer {key}"
        return request

    session.auth = with_key  # else requests would send what it finds in ~/.netrc
    if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1"):
        session.trust_env = False  # without a proxy to this machine
    return session


def _root(error: BaseException) -> str:
    """The root cause, in a few words."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
