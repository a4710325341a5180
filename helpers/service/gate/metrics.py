"""The metrics of the service for Prometheus, in their own registry."""

from typing import Any, Callable, Dict, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from helpers.errors import ServiceError, StoreError

METHODS = ("GET", "POST", "PUT", "DELETE")  # of the routes
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The metrics of one service.

    `gauges` are functions by their name, called whenever the metrics are read.
    Those that raise `ServiceError` or `StoreError`, since the database is away,
    are left out.
    """

    def __init__(self, gauges: Dict[str, Callable[[], int]]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "kinframe_requests", "Requests that were answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "kinframe_request_seconds",
            "How long answers took",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.searches = Counter("kinframe_searches", "Searches that were answered", ["by"], registry=self._registry)
        self.refused = Counter("kinframe_uploads_refused", "Photos that were refused", registry=self._registry)
        self._registry.register(_Gauges(gauges))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the path with names in place of its parameters, as in `/images/{image}`."""
        method = method if method in (*METHODS, "HEAD") else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry)


class _Gauges:
    def __init__(self, gauges: Dict[str, Callable[[], int]]) -> None:
        self._gauges = gauges

    def describe(self) -> Iterator[Any]:
        return iter(())  # else they would be read at registration

    def collect(self) -> Iterator[Any]:
        for name, read in self._gauges.items():
            try:
                value = read()
            except (ServiceError, StoreError):
                continue
            yield GaugeMetricFamily(f"kinframe_{name}", name.replace("_", " "), value=value)
