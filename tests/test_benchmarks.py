"""What `make bench` writes, not how fast anything is: no test here looks at a clock."""

import ast
import contextlib
import importlib
import json
import os
import re
import socket
import subprocess
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from benchmarks import __main__ as bench_command
from benchmarks import again, auto, bench, explorer, machine, many, ours, pipeline, share, table
from benchmarks.bench import Bench, agreement, python_with
from benchmarks.child import peak_memory
from benchmarks.made_photos import photos
from benchmarks.process import ROOT, Failed, Outcome, Runner, Task, competitor, run
from tests.support.pictures import folder_of, tiny_network
from tests.support.until import HANGS

pytestmark = pytest.mark.once("make bench runs in the modern environment")

COLUMNS = ["work", "ours", "unit", "peer", "theirs", "ratio", "agreement", "note"]


@pytest.fixture
def tiny(tmp_path):
    """A benchmark that is over in seconds: six photos, a network of 27 features, no photos of 12 megapixels."""
    small, network = folder_of(tmp_path / "photos"), tiny_network(tmp_path / "tiny.onnx")
    return Bench(
        small=small, scratch=tmp_path / "scratch", network=str(network), rounds=1, large=0, collection=6, added=2
    )


@pytest.fixture
def no_peers(monkeypatch):
    """A machine with nothing but Kinframe."""

    def missing(package, folder, install):
        raise Failed(f"{package} is not here. To have this peer: {install}")

    monkeypatch.setattr(bench, "python_with", missing)


@pytest.mark.parametrize(
    ("ours", "theirs", "unit", "ratio"),
    [(40, 10, "photos/s", 4), (10, 40, "photos/s", 0.25), (2, 300, "ms", 150), (300, 3, "s", 0.01), (1, 2, "MB", 2)],
)
def test_a_ratio_above_1_is_good_in_every_unit(ours, theirs, unit, ratio):
    assert table.row("work", ours, unit, "peer", theirs)["ratio"] == pytest.approx(ratio)


@pytest.mark.parametrize(("ours", "theirs"), [(None, 3), (3, None), (None, None), (3, 0)])
def test_without_both_figures_there_is_no_ratio(ours, theirs):
    assert table.row("work", ours, "s", "peer", theirs)["ratio"] is None


def test_the_file_is_a_list_of_rows_with_these_keys(tmp_path):
    rows = [
        table.row("first | one", 52.123456, "photos/s", "Turi Create", 11, agreement=0.98765, note="best of 3"),
        table.row("second", None, "photos/s", "fastdup", None, note="fastdup is not here"),
    ]
    table.write(rows, {"memory": "25 GB"}, tmp_path / "build")
    kept = json.loads((tmp_path / "build" / "bench.json").read_text(encoding="utf-8"))
    assert [list(row) for row in kept] == [COLUMNS, COLUMNS]
    assert kept[0]["ours"] == 52.12 and kept[0]["ratio"] == 4.738 and kept[0]["agreement"] == 0.9877
    assert kept[1]["ours"] is kept[1]["theirs"] is kept[1]["ratio"] is kept[1]["agreement"] is None
    page = (tmp_path / "build" / "bench.md").read_text(encoding="utf-8")
    assert "- memory: 25 GB" in page
    assert "| 4.74x | first \\| one | 52.12 photos/s | Turi Create | 11 photos/s | 0.988 | best of 3 |" in page


def test_a_row_that_is_kept_names_the_processors_instructions(tmp_path):
    rows = [table.row("one", 1, "s", "", None, note="best of 3"), table.row("two", 1, "s", "", None)]
    table.write(rows, {"instructions": "AVX2, VNNI (no AVX-512, bf16)"}, tmp_path)
    kept = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert [row["note"] for row in kept] == [
        "best of 3; AVX2, VNNI (no AVX-512, bf16)",
        "AVX2, VNNI (no AVX-512, bf16)",
    ]


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ("fpu avx2 avx512f avx512_vnni avx512_bf16", "AVX2, AVX-512, VNNI, bf16"),
        ("fpu avx2 avx_vnni", "AVX2, VNNI (no AVX-512, bf16)"),
        ("fpu", "(no AVX2, AVX-512, VNNI, bf16)"),
        ("", "unknown"),
    ],
)
def test_instructions_are_those_of_the_processor(flags, named, monkeypatch):
    monkeypatch.setattr(machine, "_cpuinfo", lambda name: flags)
    assert machine.facts()["instructions"] == named


def test_the_printed_table_begins_with_the_ratio_and_stands_in_columns():
    rows = [
        table.row("one", 2.0, "ms", "peer", 300.0, note="a remark of very many words " * 6),
        table.row("two", None, "s", "peer", None, note="why"),
    ]
    lines = table.text(rows).splitlines()
    assert lines[0].split() == ["ratio", "work", "ours", "peer", "theirs", "agreement", "note"]
    assert lines[2].split()[:2] == ["150x", "one"]
    assert lines[-1].split() == ["-", "two", "-", "peer", "-", "why"]
    assert (
        len({line.index(word) for line, word in ((lines[0], "note"), (lines[2], "a remark"), (lines[-1], "why"))}) == 1
    )


def test_agreement_is_the_share_of_common_neighbours():
    one = {"neighbours": {"a": ["b", "c"], "b": ["a", "c"]}}
    other = {"neighbours": {"a": ["c", "b"], "b": ["a", "d"]}}
    assert agreement(one, one) == 1
    assert agreement(one, other) == 0.75
    assert agreement(one, {}) is agreement({}, one) is None


def test_made_photos_are_the_same_every_time_and_all_different():
    pixels = [np.asarray(photos.picture("small", number)) for number in (3, 3, 4)]
    assert pixels[0].shape == (240, 320, 3)
    assert np.array_equal(pixels[0], pixels[1])
    assert not np.array_equal(pixels[0], pixels[2])
    assert pixels[0].std() > 20, "a photo is not a grey card"


def test_a_folder_of_made_photos_holds_these_and_no_others(tmp_path):
    folder = tmp_path / "small"
    assert photos.make("small", 0, 4, str(folder)) == {"made": 4}
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(before) == ["00000.jpg", "00001.jpg", "00002.jpg", "00003.jpg"]
    assert all(4_000 < len(content) < 40_000 for content in before.values())
    (folder / "00002.jpg").unlink()
    (folder / "left over.jpg").write_bytes(b"")
    assert photos.make("small", 0, 4, str(folder)) == {"made": 1}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_large_photos_weigh_what_photos_weigh(tmp_path):
    photos.make("large", 0, 1, str(tmp_path / "large"))
    [path] = (tmp_path / "large").iterdir()
    assert 1_000_000 < path.stat().st_size < 1_600_000
    with Image.open(path) as photo:
        assert (photo.format, photo.size) == ("JPEG", (4000, 3000))


def test_a_peer_that_is_not_there_says_how_to_have_it():
    with pytest.raises(Failed, match=r"no_such_package is not here. To have this peer: pip install it"):
        python_with("no_such_package", ".venv-no-such", "pip install it")
    assert python_with("numpy", ".venv-no-such", "pip install it") == sys.executable


def test_an_answer_comes_back_from_another_process(tmp_path):
    task = Task(
        "benchmarks.made_photos.photos:make", {"kind": "small", "first": 7, "count": 1, "folder": str(tmp_path / "one")}
    )
    assert run(task) == {"made": 1}
    assert run(Task("os:listdir", {"path": str(tmp_path / "one")})) == {"rows": ["00007.jpg"]}


def test_the_memory_of_a_process_is_not_its_parents():
    weight = np.ones(200_000_000, np.uint8)
    [child] = run(Task("tests.test_benchmarks:peak", {}))["rows"]
    assert 1 < child < peak()[0] - 100, weight.size


def peak():
    """For a process of its own; a list, as rows are."""
    return [peak_memory()]


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("os:_exit", {"status": 3}, "ended with status 3"),
        ("os:abort", {}, "was ended by signal 6"),
        ("json:loads", {"s": "{"}, "JSONDecodeError"),
        ("no_such_module:run", {}, "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_a_process_that_fails_leaves_a_reason(function, arguments, said):
    with pytest.raises(Failed, match=said):
        run(Task(function, arguments))


def test_what_takes_too_long_is_ended_with_all_that_it_started_and_keeps_its_rows(monkeypatch):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(HANGS)
    started = []

    def out_of_patience(process, content, timeout):
        process.stdin.write(content)
        process.stdin.close()
        started.append(listener.accept()[0])
        raise subprocess.TimeoutExpired(process.args, timeout)

    monkeypatch.setattr(subprocess.Popen, "communicate", out_of_patience)
    with listener, pytest.raises(Failed, match="was ended after 7 s") as ended:
        run(Task("tests.test_benchmarks:slow_rows", {"port": listener.getsockname()[1]}), patience=7)
    assert ended.value.rows == [{"work": "one"}, {"work": "two"}]
    [line] = started
    line.settimeout(HANGS)
    with line, contextlib.suppress(ConnectionResetError):
        assert line.recv(1) == b"", "the process that it had started is gone"


def slow_rows(port):
    """For a process of its own: two rows, and then another process, neither of which ends."""
    yield {"work": "one"}
    yield {"work": "two"}
    wait = "import socket; line = socket.create_connection(('127.0.0.1', {})); line.recv(1)"
    child = subprocess.Popen([sys.executable, "-c", wait.format(port)])
    child.wait()


def test_rows_before_a_fault_are_kept():
    with pytest.raises(Failed, match="ZeroDivisionError") as failed:
        run(Task("tests.test_benchmarks:faulty_rows", {}))
    assert failed.value.rows == [{"work": "one"}]
    with pytest.raises(Failed, match="was ended by signal 6") as failed:
        run(Task("tests.test_benchmarks:aborted_rows", {}))
    assert failed.value.rows == [{"work": "one"}]


def faulty_rows():
    yield {"work": "one"}
    raise ZeroDivisionError


def aborted_rows():
    yield {"work": "one"}
    os.abort()


def test_a_python_that_does_not_start_leaves_a_reason(tmp_path):
    with pytest.raises(Failed, match="does not start: No such file"):
        run(Task("json:loads", {"s": "1"}, python=str(tmp_path / "python")))


def test_competitors_take_turns_and_one_that_fails_does_not_stop_the_others(monkeypatch):
    turns = []

    def measured(task, patience):
        turns.append(task.function)
        if task.function == "bad":
            raise Failed("it broke")
        return {"seconds": 10.0 - len(turns), "photos": 20}

    monkeypatch.setattr("benchmarks.process.run", measured)
    names = ("good", "bad", "better")
    outcomes = Runner().alternate({**{name: Task(name, {}) for name in names}, "absent": Failed("not here")}, 2)
    assert turns == ["good", "bad", "better", "good", "better"]
    assert outcomes["good"].best == {"seconds": 6.0, "photos": 20}
    assert outcomes["good"].speed == pytest.approx(20 / 6)
    assert (outcomes["bad"].error, outcomes["bad"].speed, outcomes["absent"].error) == ("it broke", None, "not here")


def test_a_section_that_fails_stops_no_other(tiny, tmp_path, monkeypatch, capsys):
    def halfway(_):
        yield table.row("done before", 1, "s", "peer", 2)
        raise ZeroDivisionError("a fault")

    sections = {
        "halfway": halfway,
        "missing": lambda _: competitor_or_raise(),
        "fine": lambda _: [table.row("fine", 1, "s", "peer", 2)],
    }
    monkeypatch.setattr(bench_command, "SECTIONS", sections)
    bench_command.measure(tiny, list(sections), tmp_path)
    rows = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    named = "; " + machine.facts()["instructions"]
    assert [(row["work"], f"; {row['note']}".replace(named, "").lstrip("; ")) for row in rows] == [
        ("done before", ""),
        ("halfway", "ZeroDivisionError: a fault"),
        ("missing", "not here"),
        ("fine", ""),
    ]
    printed = capsys.readouterr().out
    assert printed.startswith("processor: ") and "a fault" in printed


def competitor_or_raise():
    raise Failed("not here")


def test_a_section_whose_time_is_over_keeps_its_rows_and_begins_nothing_more(tiny, tmp_path, monkeypatch):
    allowed = []

    def slow(bench):
        yield table.row("done before", 1, "s", "peer", 2)
        allowed.append(bench.runner.left)
        bench.runner.allow(0)
        bench.runner.run(Task("os:abort", {}), "never")

    monkeypatch.setattr(bench_command, "SECTIONS", {"slow": slow, "patient": slow})
    tiny.full = ["patient"]
    rows = bench_command.measure(tiny, ["slow", "patient"], tmp_path)
    assert [row["work"] for row in rows] == ["done before", "slow", "done before", "patient"]
    assert rows[1]["note"].startswith("not begun: its section has had its time")
    assert 0 < allowed[0] <= bench.LONGEST and allowed[1] == float("inf")


def test_a_run_that_is_interrupted_leaves_the_rows_it_had(tiny, tmp_path, monkeypatch, capsys):
    def interrupted(_):
        yield table.row("done before", 1, "s", "peer", 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(bench_command, "SECTIONS", {"one": interrupted})
    monkeypatch.setattr(bench_command, "SPEED", {"one": interrupted})
    monkeypatch.setattr(bench_command, "BUILD", tmp_path)
    assert bench_command.main(["--small", str(tiny.small)]) == 130
    [row] = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert row["work"] == "done before"
    assert "what was measured before is in" in capsys.readouterr().err


def test_all_sections_together_have_half_an_hour(tiny, tmp_path, monkeypatch):
    """Each of them takes all that it is given, on a clock of its own."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def greedy(bench):
        now[0] += bench.runner.left
        return [table.row("done", 1, "s", "", None)]

    monkeypatch.setattr(bench_command, "SECTIONS", dict.fromkeys(bench_command.SPEED, greedy))
    bench_command.measure(tiny, list(bench_command.SPEED), tmp_path)
    assert bench.WHOLE / 2 < now[0] <= bench.WHOLE


def test_no_round_begins_that_would_not_end_in_time(monkeypatch):
    now, turns = [0.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def measured(task, patience):
        turns.append(task.function)
        now[0] += 10
        return {"seconds": 10.0, "photos": 20}

    monkeypatch.setattr("benchmarks.process.run", measured)
    runner = Runner()
    runner.allow(100)
    runner.alternate({"one": Task("one", {}), "other": Task("other", {})}, 9, share=0.5)
    assert turns == ["one", "other"] * 2


def test_a_first_time_that_would_take_too_long_is_not_begun(tiny, monkeypatch):
    """A photo takes a second here, in fp32 as in `auto`."""
    tiny.collection, asked = 10_000, []
    for name in ("resnet", "builtin"):
        monkeypatch.setattr(tiny, name, lambda name=name: f"{name}.onnx")
    monkeypatch.setattr(tiny, "photos", lambda kind, count: str(count))

    def alternate(competitors, rounds, share):
        count = int(competitors["fp32"].arguments["folder"])
        asked.append(count)
        outcomes = {name: Outcome() for name in competitors}
        for outcome in outcomes.values():
            outcome.answers.append({"seconds": float(count), "photos": count, "note": "chosen"})
        return outcomes

    monkeypatch.setattr(tiny.runner, "alternate", alternate)
    tiny.runner.allow(1_000)
    rows = list(auto.rows(tiny))
    assert asked == [50, 50, 199, 199]
    assert [row["ours"] for row in rows] == [50, 50, 199, 199, None, None, None, None]
    assert all(row["note"].startswith("not run: takes about") for row in rows[4:])


def test_competitor_takes_part_with_its_reason():
    assert str(competitor(competitor_or_raise)) == "not here"


def test_one_section_from_end_to_end_without_peers(tiny, no_peers, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "PRECISIONS", ("fp32",))
    bench_command.measure(tiny, ["builtin"], tmp_path / "build")
    rows = json.loads((tmp_path / "build" / "bench.json").read_text(encoding="utf-8"))
    assert [row["work"].rpartition(" fp32")[2] for row in rows] == [", first time", ", ready"]
    for row in rows:
        assert row["work"].startswith("folder to model, small photos, ")
        assert row["ours"] > 0 and row["unit"] == "photos/s"
        assert row["theirs"] is row["ratio"] is None
        assert "fastdup is not here. To have this peer: python3.12 -m venv .venv-fastdup" in row["note"]
        assert row["note"].endswith(machine.facts()["instructions"])


def test_the_second_time_from_end_to_end(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(again, "_SETTLED", 0)
    unchanged, added = bench_command.measure(tiny, ["again"], tmp_path / "build")
    assert unchanged["unit"] == added["unit"] == "s"
    assert unchanged["peer"] == added["peer"] == "the first time"
    assert unchanged["ratio"] and added["ratio"], (unchanged["note"], added["note"])
    assert added["note"] == "8 photos then"
    assert len(list((tiny.scratch / photos.folder_name("small", 6)).iterdir())) == 6, "the folder is as it was"


def test_a_network_is_measured_bare_and_with_what_is_around_it(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    found = ours.share(str(tiny.small), tiny.network, "fp32", rounds=1)
    decoded, files = share._row("decoded", "decoded", found), share._row("files", "files", found)
    assert decoded["peer"] == files["peer"] == "the bare network" and decoded["theirs"] == files["theirs"] > 0
    assert decoded["ours"] > 0 and files["ours"] > 0
    assert found["photos"] == len(list(tiny.small.rglob("*.*"))) and "processor time" in decoded["note"]
    assert "ms a photo are the network's" in files["note"]


def test_a_precision_that_is_not_taken_leaves_its_reason(tiny):
    measured = {f"{way}{what}": 2.0 for way in ("files", "decoded", "bare") for what in ("", " processor")}
    measured.update(photos=6, agreement=None)

    def answer(task, name):
        if name.endswith("bf16"):
            raise Failed("this processor has no bf16")
        return {"note": "fp32, since int8 is not faster here"} if name.endswith("int8") else measured

    tiny.runner = SimpleNamespace(run=answer, once=answer)
    rows = list(share.rows(tiny))
    assert [row["ratio"] for row in rows] == 2 * [1, 1, None, None]
    assert [row["note"] for row in rows[2:4]] == ["this processor has no bf16", "fp32, since int8 is not faster here"]


def test_many_photos_from_end_to_end(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(again, "_SETTLED", 0)
    monkeypatch.setattr(many, "_alone", lambda *_: [])
    monkeypatch.setattr(many, "has_bf16", lambda: False)
    tiny.many = 6
    tasks, attempt = [], tiny.runner.attempt

    def without_browser(task, name):
        tasks.append(task)
        return attempt(Failed("no browser"), name)

    monkeypatch.setattr(tiny.runner, "attempt", without_browser)
    rows = bench_command.measure(tiny, ["many"], tmp_path / "build")
    assert [row["unit"] for row in rows] == ["s", "MB", "s", "MB", "ms", "ms"]
    assert all(row["ours"] for row in rows[:-1]) and rows[-1]["note"] == "no browser"
    assert all(" fp32" in row["work"] for row in rows)
    assert rows[2]["peer"] == "the first time" and rows[2]["theirs"] == rows[0]["ours"]
    [task] = tasks
    assert hasattr(explorer, task.function.partition(":")[2])
    asked = run(Task("benchmarks.many:ask", {"saved": task.arguments["model"]}))
    assert asked["photos"] == 6, "the model that the explorer is opened on"


def test_the_explorer_is_measured_by_what_its_page_has():
    page = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.js"))
    named = set(re.findall(r"\bkf-[a-z-]+", explorer._UNTIL))
    assert {"kf-tile", "kf-ask"} <= named
    assert [name for name in named if not re.search(rf"\b{name}\b", page)] == []


def test_an_answer_that_says_nothing_is_an_answer():
    assert run(Task("builtins:dict", {})) == {}


def test_facts_are_one_line_each():
    facts = machine.facts()
    assert list(facts) == ["processor", "instructions", "memory", "system", "packages"]
    assert all(value and "\n" not in value for value in facts.values())
    assert "numpy " + np.__version__ in facts["packages"]


@pytest.mark.parametrize("arguments, names", [([], bench_command.SPEED), (["--quality"], bench_command.QUALITY)])
def test_speed_and_quality_are_measured_apart(arguments, names, monkeypatch):
    chosen = []
    monkeypatch.setattr(bench_command, "measure", lambda bench, names, build: chosen.extend(names))
    assert bench_command.main(arguments) == 0
    assert chosen == list(names)


@pytest.mark.parametrize("arguments", [["--only", "nonsense"], ["--only", ""], ["--small", "no/such/folder"]])
def test_a_wrong_command_says_so(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        bench_command.main(arguments)
    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_what_is_imported_within_functions_is_there():
    """Where no test comes: in the soak, and in sections that take minutes."""
    missing, ours = [], ("tests.", "helpers.", "benchmarks.")
    for path in (ROOT / "benchmarks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(ours):
                module = importlib.import_module(node.module)
                for name in (each.name for each in node.names):
                    within = hasattr(module, "__path__") and find_spec(f"{node.module}.{name}") is not None
                    missing += [] if within or hasattr(module, name) else [f"{path.name}: {node.module}.{name}"]
    assert not missing
