"""One server for all tests of the page that don't end it."""

import pytest

from tests.support.app_server import kernel_of, page_of, serving, status_of
from tests.support.pictures import folder_of


@pytest.fixture(scope="package")
def server(tmp_path_factory, shared_cache):
    """`make app` on six photos, for eight visitors at once."""
    folder = folder_of(tmp_path_factory.mktemp("app") / "<b>card & 1")
    with serving(folder, shared_cache, options=["--visitors=8"]) as server:
        yield server


@pytest.fixture
def visit(server):
    """A function that gives the headers and the text of a visitor's page; its kernel ends with the test."""
    visited = []

    def visit(query=""):
        headers, page = page_of(server, query)
        visited.append(kernel_of(page))
        return headers, page

    yield visit
    for kernel in visited:
        status_of(f"{server.address}voila/api/shutdown/{kernel}", "POST")
