import contextlib
import http.client
import json
import logging
import re
import socket
import subprocess
import sys
import threading
from concurrent.futures.process import BrokenProcessPool
from urllib.parse import urlsplit

import PIL
import pytest

from helpers.app import __main__ as app
from helpers.app import prepared
from helpers.app.visits import EACH
from helpers.images import budget
from tests.support.app_server import end, serving, status_of
from tests.support.pictures import folder_of
from tests.support.places import ROOT
from tests.support.until import HANGS

pytest.importorskip("voila", reason="Voilà is not installed: the extra `app`")


@pytest.fixture(autouse=True)
def own_budget(monkeypatch):
    """Visits in this process share no lock with what follows."""
    monkeypatch.setattr(budget, "BUDGET", budget.MemoryBudget(budget.LEAST))


# What lies ready


_VISIT = """
import sys
from helpers.app import prepared
visitor = prepared.visit(sys.argv[1])
visitor.ask(0)
print(len(visitor.found), visitor.data.column_names(), flush=True)
print(sorted({"openvino", "onnxruntime", "onnx", "usearch", "voila", "matplotlib"} & set(sys.modules)))
"""


def test_a_visitor_opens_what_lies_ready_and_nothing_heavy(tmp_path):
    place = prepared.prepare(folder_of(tmp_path / "photos"))
    done = subprocess.run([sys.executable, "-c", _VISIT, place], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found, heavy = done.stdout.decode().strip().splitlines()
    assert found.startswith("5 [") and "'path'" in found and "'folder'" in found
    assert not any(f"'{name}'" in found for name in ("id", "image", "file")), "it says where photos lie"
    assert heavy == "[]"


def test_visitors_decode_large_photos_one_at_a_time(tmp_path):
    place = prepared.prepare(folder_of(tmp_path / "photos"))
    prepared.visit(str(place))
    with budget.BUDGET.take(200_000_000):
        assert (place / "decoding.lock").exists()
    with budget.BUDGET.take(20_000_000):
        assert not (place / "decoding.lock").exists()


def test_a_visitor_keeps_nothing_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    visitor = prepared.visit(str(prepared.prepare(folder_of(tmp_path / "photos"))))
    visitor.selected = [0]
    before = set(tmp_path.rglob("*"))
    for wish in ({"do": "give", "label": "fox"}, {"do": "export", "to": str(tmp_path / "mine.csv")}, {"do": "undo"}):
        visitor._heard(visitor, {**wish, "number": 1}, [])
    assert set(tmp_path.rglob("*")) == before


def test_it_can_be_laid_ready_again_after_the_photos_changed(tmp_path):
    folder = folder_of(tmp_path / "photos", 4)
    assert prepared.prepare(folder) == prepared.prepare(folder_of(folder, 6))
    assert len(prepared.visit(str(prepared.prepare(folder))).model.labels) == 6


def test_each_folder_has_a_place_of_its_own(tmp_path):
    assert prepared.prepare(folder_of(tmp_path / "a", 2)) != prepared.prepare(folder_of(tmp_path / "b", 2))


def test_a_visitors_kernel_limits_its_memory_before_all_else(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(prepared, "limit_memory", lambda: done.append("limit"))
    monkeypatch.setattr(prepared, "visit", done.append)
    prepared._write_page(tmp_path, "photos")
    (cell,) = json.loads((tmp_path / "page" / "photos.ipynb").read_text("utf-8"))["cells"]
    exec("".join(cell["source"]), {})  # noqa: S102  # as the kernel does
    assert done == ["limit", str(tmp_path)]


# What is said where it cannot be


def test_work_that_is_ended_from_outside_is_said(monkeypatch, capsys):
    class Killed:
        def submit(self, *_):
            raise BrokenProcessPool

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.delenv("FOLDER", raising=False)
    monkeypatch.setattr(app, "ProcessPoolExecutor", lambda *_: Killed())
    assert app.main(["--port=0"]) == 1
    assert "lack of memory" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_before_any_work(monkeypatch, capfd):
    monkeypatch.delenv("FOLDER", raising=False)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert app.main([f"--port={port}"]) == 2
    said = capfd.readouterr()
    assert f"port {port}, is not available" in said.err and not said.out


@pytest.mark.parametrize("arguments", [["--host=no such machine"], ["--port=99999"]])
def test_an_address_that_cannot_be_had_is_said(arguments, monkeypatch, capsys):
    monkeypatch.delenv("FOLDER", raising=False)
    assert app.main(arguments) == 2
    assert "is not available" in capsys.readouterr().err


def test_a_missing_voila_is_said(monkeypatch, capsys):
    monkeypatch.delenv("FOLDER", raising=False)
    monkeypatch.setattr(app, "find_spec", lambda name: None)
    assert app.main([]) == 2
    assert "pip install voila" in capsys.readouterr().err


def test_others_are_let_in_only_with_a_pillow_that_is_safe(monkeypatch, capfd):
    monkeypatch.delenv("FOLDER", raising=False)
    monkeypatch.setattr(PIL, "__version__", "12.3.0")
    assert app.main(["--host=0.0.0.0", "--port=0"]) == 1
    said = capfd.readouterr()
    assert "needs Pillow 13 or newer" in said.err and not said.out


@pytest.mark.parametrize(
    ("options", "each"), [(["--host=0.0.0.0"], EACH), (["--host=0.0.0.0", "--each=3"], 3), ([], 9), (["--each=3"], 9)]
)
def test_one_address_has_its_share_where_others_are_let_in(options, each, tmp_path, monkeypatch):
    from helpers.app import server  # needs Voilà

    class Ready(contextlib.nullcontext):
        def submit(self, *_):
            return self

        def result(self):
            return tmp_path

    served = []
    monkeypatch.setenv("FOLDER", str(folder_of(tmp_path / "photos", 1)))
    monkeypatch.setattr(app, "ProcessPoolExecutor", lambda *_: Ready(Ready()))
    monkeypatch.setattr(app, "check_reader", lambda: None)
    monkeypatch.setattr(server, "serve", lambda place, **settings: served.append(settings))
    assert app.main([*options, "--port=0", "--visitors=9"]) == 0
    assert [(one["most"], one["each"]) for one in served] == [(9, each)]


def test_an_error_of_a_request_is_one_line_in_the_log():
    from helpers.app.server import _in_one_line  # needs Voilà

    record = logging.LogRecord(
        "a", logging.ERROR, "a.py", 1, "Uncaught %s", ("/secret",), (KeyError, KeyError(1), None)
    )
    assert _in_one_line(record)
    assert logging.Formatter().format(record) == "A request could not be answered (KeyError)."


@pytest.mark.parametrize("option", ["--visitors=0", "--each=x", "--visitors=-1"])
def test_numbers_of_pages(option, capsys):
    with pytest.raises(SystemExit):
        app.main([option])
    assert "is not a number from 1" in capsys.readouterr().err


def test_who_can_open_it_is_said(capsys):
    assert app._parser().parse_args(["--host="]).host == "127.0.0.1", "an empty one lets nobody in"
    app._announce("127.0.0.1", 8866)
    said = capsys.readouterr().out
    assert "Only this machine" in said and "http://127.0.0.1:8866/" in said
    app._announce("0.0.0.0", 8866)  # noqa: S104
    said = capsys.readouterr().out
    assert "Everybody who can reach this machine" in said and "no password" in said and "0.0.0.0:" not in said
    app._announce("fe80::1", 8866)
    assert "http://[fe80::1]:8866/" in capsys.readouterr().out


# The server


def test_it_says_what_it_does_and_where_it_can_be_opened(server):
    assert "<b>card & 1" in server.said and "6 photos" in server.said
    assert server.address in server.said and "Only this machine" in server.said


def test_the_page_has_no_code_and_takes_nothing_from_elsewhere(visit):
    headers, page = visit()
    assert "<title>&lt;b&gt;card &amp; 1</title>" in page and "<b>card" not in page
    assert "helpers.app" not in page and "visit(" not in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"|unpkg|jsdelivr', page)
    assert "default-src 'self'" in headers["Content-Security-Policy"]


@pytest.mark.once("the template of the page is ours; in both, it is filled")
def test_a_theme_is_light_or_dark(visit):
    assert 'data-jp-theme-light="true"' in visit()[1]
    assert 'data-jp-theme-light="false"' in visit("?theme=dark")[1]
    page = visit("?theme=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")[1]
    assert 'data-jp-theme-light="true"' in page and "<script>alert" not in page


def test_no_file_and_no_other_name_of_this_machine_are_answered(server):
    assert status_of(server.address + "voila/files/photos.ipynb") == 403
    assert status_of(server.address, Host="elsewhere.example") == 403


@pytest.mark.parametrize("moment", ["it is asked for a page", "a page is being made"])
@pytest.mark.once("in both, it ends with its kernels, and says no more; see test_handlers")
def test_ctrl_c_ends_it_quietly_whatever_it_is_doing(moment, tmp_path, shared_cache):
    reached = threading.Event()

    def visit():
        place = urlsplit(server.address)
        with contextlib.suppress(OSError, http.client.HTTPException):
            line = http.client.HTTPConnection(place.hostname, place.port, timeout=HANGS)
            try:
                line.request("GET", "/", headers={"Cookie": "kinframe-visitor=1"})
                if moment == "it is asked for a page":
                    reached.set()
                answer = line.getresponse()  # the head of it, and more when its kernel has started
                reached.set()
                answer.read()
            finally:
                line.close()

    with serving(folder_of(tmp_path / "photos", 2), shared_cache) as server:
        visitor = threading.Thread(target=visit)
        visitor.start()
        assert reached.wait(60)
        said = end(server.process)
        visitor.join()
        assert server.process.returncode == 0
        assert said.strip() == "Ended."
