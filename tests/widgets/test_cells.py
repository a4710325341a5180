"""A real kernel whose cells are run again, as JupyterLab does it: what is closed, and what stays."""

import sys

import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

from tests.support.pictures import folder_of, tiny_network
from tests.support.places import ROOT
from tests.support.until import HANGS

pytestmark = pytest.mark.slow("a real kernel is started")

SETUP = """
import sys
sys.path.insert(0, {root!r})
import ipywidgets
from ipywidgets.widgets.widget import _instances
from types import SimpleNamespace
from helpers.explorer import CollectionMap, Explorer, PhotoPicker
from helpers.photos import load_photos
from helpers.similarity.build import create
model = create(load_photos({photos!r}, progress=False)[0], model={network!r}, store=False, verbose=False)
atlas = SimpleNamespace(model=model, positions=[(row, row) for row in range(len(model.labels))], note="")
"""
ALIVE = "len(_instances)"


class Kernel:
    """A kernel that is asked to run code as the cells of a notebook, each with the name that JupyterLab gives it."""

    def __init__(self, client):
        self.client = client

    def run(self, code, cell=None, value="None"):
        """Run a cell, and what the value of an expression is then, as text."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {"it": value}}
        metadata = {} if cell is None else {"cellId": cell}
        message = self.client.session.msg(
            "execute_request", {**content, "allow_stdin": False, "stop_on_error": True}, metadata=metadata
        )
        self.client.shell_channel.send(message)
        while True:
            reply = self.client.get_shell_msg(timeout=HANGS)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                break
        assert reply["content"]["status"] == "ok", "\n".join(reply["content"]["traceback"])
        return reply["content"]["user_expressions"]["it"]["data"]["text/plain"]

    def ask(self, value):
        return self.run("", value=value)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    manager = KernelManager()
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=argv, language="python")
    home = tmp_path_factory.mktemp("kernel")
    manager.start_kernel(cwd=str(home))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=HANGS)
        kernel = Kernel(client)
        photos, network = folder_of(home / "photos", 8), tiny_network(home / "tiny.onnx")
        kernel.run(SETUP.format(root=str(ROOT), photos=str(photos), network=str(network)))
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


SHOWN = ["{}", "widget = {}\nwidget", "widget = {}\ndisplay(widget)", "widget = {}"]


@pytest.mark.parametrize(
    "code, runs",
    [
        ("PhotoPicker(model)", 10),
        ("Explorer(model)", 10),
        ("CollectionMap(atlas)", 5),
        *((shown.format("Explorer(model)"), 5) for shown in SHOWN[1:]),
    ],
)
@pytest.mark.once("a widget of each kind closes alike", but=["PhotoPicker(model)-10"])
def test_a_cell_that_runs_again_and_again_leaves_one_widget(kernel, code, runs):
    kernel.run("widget = None", "clean")
    before = int(kernel.ask(ALIVE))
    kernel.run(code, "again")
    first = int(kernel.ask(ALIVE)) - before
    assert first > 1
    for _ in range(runs - 1):
        kernel.run(code, "again")
    assert int(kernel.ask(ALIVE)) - before == first
    kernel.run("widget = 1", "again")
    assert int(kernel.ask(ALIVE)) == before


def test_a_widget_beneath_another_cell_stays_until_that_one_runs_again(kernel):
    kernel.run("explorer = Explorer(model)", "make")
    kernel.run("explorer", "look")
    kernel.run("old = [explorer]", "keep")
    kernel.run("explorer = Explorer(model)", "make")
    assert kernel.ask("old[0].comm is not None, old[0] is not explorer") == "(True, True)"
    kernel.run("explorer", "look")
    assert kernel.ask("old[0].comm is None, explorer.comm is not None") == "(True, True)"
    assert kernel.ask("repr(old[0])") == "'<Explorer, closed>'"
    assert kernel.ask("old[0].k, len(old[0].data)") == "(20, 8)", "what was found with it is still there"


def test_what_is_a_variable_or_in_a_box_stays(kernel):
    kernel.run("picker = PhotoPicker(model)\nmine = picker", "variables")
    kernel.run("picker = PhotoPicker(model)", "variables")
    assert kernel.ask("mine.comm is not None, mine is picker") == "(True, False)"
    kernel.run("box = ipywidgets.HBox([picker])\nbox", "box")
    kernel.run("picker = PhotoPicker(model)", "variables")
    assert kernel.ask("box.children[0].comm is not None, box.children[0] is picker") == "(True, False)"
    kernel.run("box.close()\nmine = 0", "variables")
    assert kernel.ask("picker.comm is not None, box.children[0].comm is None") == "(True, True)"


def test_a_front_end_that_names_no_cells_closes_nothing(kernel):
    kernel.run("one = Explorer(model)\none")
    kernel.run("two, one = one, Explorer(model)\none")
    assert kernel.ask("two.comm is not None, one.comm is not None") == "(True, True)"
