import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

pytest.importorskip("fastapi", reason="the server needs Python 3.10")

import PIL
import requests

from helpers.errors import ServiceError
from helpers.service.__main__ import _begin_listening, _listen, main
from helpers.service.command_line import settings_of
from helpers.service.gate.access import only_here
from helpers.service.keys_command import check_keys
from helpers.service.settings import Settings
from tests.support.pictures import folder_of, tiny_network
from tests.support.places import ROOT
from tests.support.service_server import serving, stop, surroundings
from tests.support.until import HANGS


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("service")
    folder_of(place / "photos", 4)
    tiny_network(place / "tiny.onnx")
    return place


@pytest.fixture
def where(place, tmp_path):
    """The command line's words for these photos and a database of the test's own."""
    return ["--photos", str(place / "photos"), "--database", str(tmp_path / "collection.kinframe")]


def started(place, tmp_path, *more):
    return serving(
        place / "photos",
        "--model",
        str(place / "tiny.onnx"),
        "--workers=1",
        *more,
        database=str(tmp_path / "collection.kinframe"),
    )


def made(capsys, where, name="shop", role="write"):
    assert main(["keys", "add", name, "--role", role, *where]) == 0
    return capsys.readouterr().out.strip()


# From the start to the end


def test_it_says_what_it_serves_and_ends_quietly(place, tmp_path):
    with started(place, tmp_path) as served:
        said = served.log.read_text()
        assert str(place / "photos") in said and "collection.kinframe" in said
        assert re.search(r"Nothing was indexed yet: job \w+", said) and "needs no key" in said
        assert re.search(rf"^Kinframe serves \d+ images on {served.url}/$", said, re.MULTILINE)
        assert stop(served.process) == 0
        assert "Traceback" not in served.log.read_text()
    with started(place, tmp_path) as again:
        assert "Nothing was indexed" not in again.log.read_text(), "a first job was recorded already"
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(60) == 0
        assert "Traceback" not in again.log.read_text()


def test_it_ends_while_somebody_does_not_go_on(place, tmp_path):
    with started(place, tmp_path, "--upload-seconds=600") as served:
        host, port = served.url.split("//")[1].split(":")
        with socket.create_connection((host, int(port)), timeout=HANGS) as slow:
            slow.sendall(
                b"POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\nhalf"
            )
            assert b"100 Continue" in slow.recv(1000), "it is not being answered"
            assert stop(served.process, within=60) == 0
            with contextlib.suppress(ConnectionResetError):
                assert b" 200 " not in slow.recv(1000)[:20], "it was let go, not waited for"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")
@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_workers_on_their_way_end_with_it_whatever_ends_it(place, tmp_path, sent):
    psutil = pytest.importorskip("psutil", reason="psutil is not installed: the extra `cluster`")
    command = [sys.executable, "-m", "tests.support.serve_slowly", "--photos", str(place / "photos"), "--port=0"]
    command += ["--model", str(place / "tiny.onnx"), "--database", str(tmp_path / "kept"), "--workers=1"]
    with subprocess.Popen(
        command, cwd=ROOT, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said = []
        while not (any("Kinframe serves" in line for line in said) and any("workers:" in line for line in said)):
            said.append(process.stdout.readline())
            assert said[-1], "".join(said)
        numbers = next(line for line in said if line.startswith("workers:")).split()[1:]
        workers = [psutil.Process(int(number)) for number in numbers]
        for each in (sent, "SIGINT", "SIGTERM"):  # as somebody sends who does not want to wait
            process.send_signal(getattr(signal, each))
        rest, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 0 and "Traceback" not in rest
    assert "left to Dask" not in rest or "left to Dask: 0" in rest
    assert len(workers) == 1 and not psutil.wait_procs(workers, timeout=HANGS)[1]


def test_it_ends_with_its_standard_input(place, tmp_path):
    command = [sys.executable, "-m", "helpers.service", "--photos", str(place / "photos"), "--port=0"]
    command += ["--model", str(place / "tiny.onnx"), "--database", str(tmp_path / "kept"), "--end-with-stdin"]
    done = subprocess.run(
        command, cwd=ROOT, env=surroundings(), stdin=subprocess.DEVNULL, capture_output=True, timeout=HANGS
    )
    assert done.returncode == 0 and b"Traceback" not in done.stderr


def test_keys_are_asked_for_once_there_is_one_and_never_told_again(place, tmp_path, where, capsys, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", surroundings()["KINFRAME_CACHE"])  # of the account that serves
    write, read = made(capsys, where), made(capsys, where, "lab", "read")
    assert write.startswith("kf_") and write != read
    with started(place, tmp_path) as served:

        def ask(method, path, key=None, **more):
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            return requests.request(method, served.url + path, headers=headers, timeout=HANGS, **more).status_code

        assert [ask("GET", "/health"), ask("GET", "/ready"), ask("GET", "/images"), ask("GET", "/metrics")] == [
            200,
            200,
            401,
            401,
        ]
        assert [ask("GET", "/images", read), ask("GET", "/images", write), ask("GET", "/images", "kf_no")] == [
            200,
            200,
            401,
        ]
        assert ask("PUT", "/products/a", read, json={}) == 403
        assert ask("PUT", "/products/a", write, json={}) == 201
        assert ask("GET", f"/images/{write}", write) == 422, "a key in a path is in no log either"
        document = requests.get(
            served.url + "/openapi.json", headers={"Authorization": f"Bearer {read}"}, timeout=HANGS
        ).json()
        assert document["security"] == [{"key": []}] and document["paths"]["/health"]["get"]["security"] == []
        log = served.log.read_text()
        assert "key=shop" in log and "key=lab" in log
        assert write not in log and read not in log and write[3:] not in log


def test_keys_are_listed_and_removed(where, capsys):
    assert main(["keys", "list", *where]) == 0
    said = capsys.readouterr()
    assert said.out == "" and "No key was made yet" in said.err
    key = made(capsys, where)
    assert main(["keys", "add", "shop", "--role", "read", *where]) == 1
    assert main(["keys", "list", *where]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("shop\twrite\t") and key not in said.out and "shop" in said.err
    assert main(["keys", "remove", "shop", *where]) == 0
    assert main(["keys", "remove", "shop", *where]) == 1
    assert main(["keys", "list", *where]) == 0
    assert capsys.readouterr().out.strip().endswith("no longer works.")


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 101])
def test_a_key_has_a_name_that_can_be_printed(name, where):
    with pytest.raises(SystemExit) as ended:
        main(["keys", "add", name, "--role", "read", *where])
    assert ended.value.code == 2


# What keeps it from starting


def test_others_are_let_in_only_with_keys(where, capsys):
    for others in (["--host=0.0.0.0"], ["--name=photos.example.org"]):
        assert main([*where, *others]) == 1
        said = capsys.readouterr().err
        assert "-m helpers.service keys add NAME --role write" in said and "Traceback" not in said


def test_others_are_let_in_only_with_a_pillow_that_is_safe(where, capsys, monkeypatch):
    made(capsys, where)
    monkeypatch.setattr(PIL, "__version__", "12.3.0")
    check_keys(settings_of(where)[0])  # for this machine alone
    for others in (["--host=0.0.0.0"], ["--name=photos.example.org"]):
        with pytest.raises(ServiceError, match="letting others in needs Pillow 13 or newer"):
            check_keys(settings_of([*where, *others])[0])


def test_keys_that_came_with_a_file_are_not_valid(place, tmp_path, where, capsys, monkeypatch):
    made(capsys, where)
    check_keys(settings_of(where)[0])
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "of another account"))
    for others in ([], ["--host=0.0.0.0"]):
        assert main([*where, *others]) == 1
        said = capsys.readouterr().err
        assert "not made by this account" in said and "'shop'" in said and "Traceback" not in said
    assert main(["keys", "accept", "nobody", *where]) == 1
    assert main(["keys", "accept", "shop", *where]) == 0
    check_keys(settings_of(where)[0])
    with contextlib.closing(sqlite3.connect(where[where.index("--database") + 1])) as file:
        file.execute("UPDATE kinframe_keys SET digest = '../../x', name = char(27) || '[31m'")
        file.commit()
    assert main(where) == 1
    said = capsys.readouterr().err
    assert "\\x1b[31m" in said and "\x1b" not in said


def test_where_photos_may_come_from_other_hosts_the_folder_may_be_empty(tmp_path, monkeypatch, capsys):
    def stop(settings):
        raise ServiceError("it would start")

    monkeypatch.setattr("helpers.service.__main__.check_keys", stop)
    assert main(["--photos", str(tmp_path), "--allow-host=example.org"]) == 1
    assert "it would start" in capsys.readouterr().err
    assert main(["--photos", str(tmp_path / "nowhere"), "--allow-host=example.org"]) == 2


def test_a_key_is_made_for_a_folder_that_is_there(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KINFRAME_DATABASE", raising=False)
    assert main(["keys", "add", "anna", "--role", "read", "--photos", str(tmp_path / "nowhere")]) == 2
    said = capsys.readouterr()
    assert "nowhere: no such folder" in said.err and said.out == ""


def test_two_that_start_at_the_same_time_share_no_port(where):
    with _listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with _listen("127.0.0.1", port) as second:  # bound, as neither listens yet
            settings, _ = settings_of([f"--port={port}"])
            _begin_listening(first, settings)
            with pytest.raises(ServiceError, match=rf"port {port}, is not available .* PORT={port + 1}"):
                _begin_listening(second, settings)


def test_a_port_that_is_taken_is_said(where, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main([*where, f"--port={port}"]) == 1
    assert f"port {port}, is not available" in capsys.readouterr().err


def test_a_database_that_cannot_be_reached_is_said_without_its_password(place):
    command = [sys.executable, "-m", "helpers.service", "--photos", str(place / "photos"), "--port=0"]
    environment = {**surroundings(), "KINFRAME_DATABASE": "postgresql://me:secret@127.0.0.1:1/photos"}
    command += ["--model", str(place / "tiny.onnx")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=HANGS)
    said = done.stderr.decode()
    assert done.returncode == 1 and "127.0.0.1" in said
    assert "secret" not in said and "Traceback" not in said


def test_a_network_that_is_not_known_is_said(place, where):
    command = [sys.executable, "-m", "helpers.service", *where, "--port=0", "--model=nothing"]
    done = subprocess.run(command, cwd=ROOT, env=surroundings(), capture_output=True, timeout=HANGS)
    assert done.returncode == 1 and b"nothing" in done.stderr and b"Traceback" not in done.stderr


# The command line


def test_what_is_not_said_is_as_usual():
    settings, _ = settings_of([])
    assert (settings.host, settings.port, settings.rate) == ("127.0.0.1", 8000, 20.0)
    assert settings.photos == ROOT / "data" / "robots"
    assert settings_of(["--host="])[0].host == "127.0.0.1", "an empty one lets nobody in"


def test_the_database_may_be_said_by_the_environment(monkeypatch):
    monkeypatch.setenv("KINFRAME_DATABASE", "postgresql://here/photos")
    assert settings_of([])[0].database == "postgresql://here/photos"
    assert settings_of(["--database=mine"])[0].database == "mine"


@pytest.mark.parametrize(
    "argument",
    [
        "--port=99999",
        "--rate=-1",
        "--rate=nan",
        "--workers=0",
        "--metric=x",
        "--index=x",
        "--burst=0",
        "--upload-bytes=1",
        "--proxy=proxy.example",
        "--proxy=10.0.0.1/8",
        "--proxy=*",
    ],
)
def test_what_makes_no_sense_is_refused(argument):
    with pytest.raises(SystemExit) as ended:
        settings_of([argument])
    assert ended.value.code == 2


def test_proxies_are_addresses_and_networks_and_let_others_in():
    settings, _ = settings_of(["--proxy=127.0.0.1", "--proxy=10.0.0.0/8"])
    assert settings.proxies == ("127.0.0.1", "10.0.0.0/8")
    assert only_here(Settings(Path())) and not only_here(settings)


def test_a_proxy_that_is_named_is_known_to_the_server(where, capsys, monkeypatch):
    made(capsys, where)
    told = Mock()
    monkeypatch.setattr("helpers.service.__main__._SIGNALS", ())  # the tests keep their own
    monkeypatch.setattr("helpers.service.service.Service", Mock())
    monkeypatch.setattr("helpers.service.http.app.create_app", Mock())
    monkeypatch.setattr("helpers.service.http.server.serve", told)
    assert main([*where, "--port=0", "--proxy=127.0.0.1", "--proxy=10.0.0.0/8"]) == 0
    assert told.call_args[1]["proxies"] == ("127.0.0.1", "10.0.0.0/8")


def test_make_serve_takes_names_as_they_are_written():
    if not shutil.which("make"):
        pytest.skip("no make")
    environment = {name: value for name, value in os.environ.items() if name not in ("HOST", "PORT", "DATABASE")}
    command = ["make", "-n", "serve", "FOLDER=a $x 'b", "PORT=8001", "PROXY=127.0.0.1 ::1"]
    said = subprocess.check_output(command, cwd=ROOT, env={**environment, "HOST": "0.0.0.0"}).decode()  # noqa: S104
    assert '${FOLDER:+"--photos=$FOLDER"}' in said and "--proxy=127.0.0.1 --proxy=::1" in said
    assert "--port=8001" in said and "--host" not in said
    assert "turi" not in said and Path(ROOT, "helpers/service/http/page/page.html").exists()
