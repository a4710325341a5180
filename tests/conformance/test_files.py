"""Frames and text: CSV and JSON files read and written, frames printed."""

import datetime

import PIL.Image
import pytest

pytest.importorskip("turicreate", reason="Turi Create is not in this environment (environment.yml describes one)")

NAN = float("nan")


def rich(tc):
    return tc.SFrame(
        {
            "i": [1, None],
            "f": [1.5, NAN],
            "s": ['a,"b"\n', None],
            "v": [[1, 2.5], None],
            "l": [["a", None], [1, "x"]],
            "d": [{"a": 1}, None],
            "t": [datetime.datetime(2020, 1, 2, 3, 4, 5), None],
        }
    )


def simple(tc):
    return tc.SFrame({"a b": ["x", "é", ""], "c,d": [1.0, 100.0, 0.25], "e": [1, None, -3]})


WRITTEN = {
    "plain": {},
    "semicolons": {"delimiter": ";"},
    "sep": {"sep": "|"},
    "all quoted": {"quote_level": 1},
    "missing as NA": {"na_rep": "NA"},
    "without header": {"header": False},
    "escaped quotes": {"double_quote": False},
    "Windows line ends": {"line_terminator": "\r\n"},
    "unknown option": {"foo": 1},
}


@pytest.mark.parametrize("options", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("make", [rich, simple])
def test_csv_written(agree, tmp_path, make, options):
    def write(tc):
        path = tmp_path / f"{tc.__name__}.csv"
        make(tc).export_csv(str(path), **options)
        return path.read_bytes().decode()

    agree(write)


READ = {
    "ints and texts": ("a,b\n1,x\n2,y\n", {}),
    "an empty text": ("a,b\n1,x\n2,\n", {}),
    "an empty number": ("a,b\n1,x\n,y\n", {}),
    "floats": ("a,b\n1.5,x\n2,y\n", {}),
    "NA": ("a,b\n1,x\nNA,y\n", {}),
    "NA in texts": ("a,b\n1,x\n2.5,NA\n", {}),
    "quoted": ('a,b\n"1","x"\n', {}),
    "quoted comma": ('a,b\n"x,y",2\n', {}),
    "doubled quotes": ('a\n"x""y"\n', {}),
    "escaped quotes": ('a\n"x\\"y"\n', {}),
    "escaped line end": ('a\n"x\\ny"\n', {}),
    "line end in quotes": ('a\n"x\ny"\n', {}),
    "backslash": ("a\nx\\y\n", {}),
    "backslash in quotes": ('a\n"C:\\\\new"\n', {}),
    "unknown escape": ('a\n"C:\\xew,x"\n', {}),
    "quotes inside": ('a\nx"y"z\n', {}),
    "open quote": ('a\n"x\n', {}),
    "too many fields": ("a,b\n1,2,3\n4,5\n", {}),
    "too few fields": ("a,b\n1\n4,5\n", {}),
    "too few fields, strict": ("a,b\n1\n4,5\n", {"error_bad_lines": True}),
    "a name twice": ("a,a\n1,2\n", {}),
    "no name": ("a,,c\n1,2,3\n", {}),
    "no header": ("1,x\n2,y\n", {"header": False}),
    "semicolons": ("a;b\n1;2\n", {"delimiter": ";"}),
    "blanks": ("a b\n1 2\n", {"sep": " "}),
    "tabs": ("a b\tc\n1 2\t3\n", {"delimiter": "\t"}),
    "all as text": ("a,b\n1,2\n", {"column_type_hints": str}),
    "types in a list": ("a,b\n1,2\n", {"column_type_hints": [float, str]}),
    "types by name": ("a,b\n1,2\n", {"column_type_hints": {"a": float}}),
    "type of no column": ("a,b\n1,2\n", {"column_type_hints": {"z": float}}),
    "wrong type": ("a,b\nx,2\n3,4\n", {"column_type_hints": {"a": int}}),
    "wrong type, strict": ("a,b\nx,2\n3,4\n", {"column_type_hints": {"a": int}, "error_bad_lines": True}),
    "some columns": ("a,b\n1,2\n3,4\n", {"usecols": ["b"]}),
    "some rows": ("a,b\n1,2\n3,4\n", {"nrows": 1}),
    "after some rows": ("x\na,b\n1,2\n3,4\n", {"skiprows": 1}),
    "comment line": ("#c\na,b\n1,2\n", {"comment_char": "#"}),
    "comment": ("a,b\n1,2#z\n", {"comment_char": "#"}),
    "array": ("a\n[1,2]\n", {}),
    "quoted array": ('a\n"[1,2]"\n', {}),
    "array of another length": ("a,b\n[1 2 3],x\n[4],y\n", {}),
    "dict": ('a\n{"x":1}\n', {}),
    "dict without quotes": ("a,b\n[1,2],{a:1}\n", {}),
    "list": ("a\n[x,y]\n", {}),
    "list with a gap": ("a\n[1,,3]\n", {}),
    "blanks after commas": ("a, b\n1, 2\n", {}),
    "blanks inside": ("a, b\n1, x y \n", {}),
    "blanks around": ("a\n1 \n 2\n", {}),
    **{
        f"other blanks: {blank!r}": (f"a,b\n1,{blank}x{blank}\n{blank}2{blank},{blank}\n3,x{blank}y\n4,z", {})
        for blank in ("\t", "\v", "\f", "\xa0", "\x1c", "\u2003")
    },
    "blanks in quotes": ('a,b\n1,"\tx\v"\n2,y', {}),
    "blanks with tabs between": ("a\tb\n1\t\tx\n2\t \v y\f", {"sep": "\t"}),
    "a line of blanks": ("a\n1\n\t\n2\n", {}),
    "empty lines": ("a\n\n1\n\n2\n", {}),
    "only a header": ("a,b\n", {}),
    "nothing": ("", {}),
    "dates": ("a\n2020-01-02T03:04:05\n", {}),
    "true and false": ("a\ntrue\nfalse\n", {}),
    "true as 1": ("a\ntrue\nfalse\n", {"true_values": ["true"], "false_values": ["false"]}),
    "nan": ("a\nnan\n1\n", {}),
    "inf": ("a\ninf\n1\n", {}),
    "Windows line ends": ("a,b\r\n1,2\r\n3,4\r\n", {}),
    "leading zeros": ("a\n007\n", {}),
    "signs": ("a\n+1\n-2\n", {}),
    "exponent": ("a\n1e5\n", {}),
    "points": ("a,b\n.5,1.\n", {}),
    "more than 64 bits": ("a\n9223372036854775808\n", {}),
    "no number": ("a,b,c\n-,0x10,1_000\n", {}),
    "other missing values": ("a,b\n1,2\n", {"na_values": ["1"]}),
    "no missing values": ("a,b\nx,2\nNA,3\n", {"na_values": []}),
    "an empty column": ("a,b\n,2\n,3\n", {}),
    "a missing column": ("a,b\nNA,1\nNA,2\n", {}),
    "quoted NA": ('a\n"NA"\nx\n', {}),
    "quoted nothing": ('a,b\n"",2\n,2\n"x",2\n', {}),
    "byte order mark": ("\ufeffa,b\n1,2\n", {}),
    "unknown option": ("a\n1\n", {"foo": 1}),
    # Lists and dicts as Python, pandas and JSON write them.
    "dict of Python": ("a\n{'a': 1}\n", {}),
    "quoted dict of Python": ("a,b\n\"{'a': 'x', 'b': [1, 2], 'c': None}\",1\n", {}),
    "list of Python": ("a,b\n['x', 'y z'],1\n", {}),
    "list that pandas wrote": ("a,b\n\"['x', 'it\\'s']\",1\n", {}),
    "nested lists": ("a,b\n[[1,2],[3]],1\n", {}),
    "quoted nested lists": ('a,b\n"[[1,2],[3]]",1\n', {}),
    "dict in a dict": ('a,b\n{"x":{"y":1}},1\n', {}),
    "dict in a list": ('a,b\n[{"x":[1,2]}],1\n', {}),
    "bracket in a text in a list": ('a,b\n["x]",y],1\n', {}),
    "comma in a text in a list": ("a,b\n['a,b','c'],1\n", {}),
    "apostrophe in a list": ("a,b\n[it's,2],1\n", {}),
    "colons in a list": ("a,b\n[10:30,11:00],1\n", {}),
    "an address in a list": ("a,b\n[http://x.y/z,q],1\n", {}),
    "more behind brackets": ("a,b\n[1,2]x,1\n", {}),
    "more before brackets": ("a,b\nx[1,2],1\n", {}),
    "an open bracket": ("a,b\n[1,1\n", {}),
    "an open bracket of two": ("a,b\n[[1,2],1\n", {}),
    "an open brace": ("a,b\n{'a':1,1\n", {}),
    "line end in brackets": ("a,b\n[1,\n2],1\n", {}),
    "line end in quoted brackets": ('a,b\n"[1,\n2]",1\n', {}),
    "an empty list": ("a\n[]\n", {}),
    "an empty dict": ("a\n{}\n", {}),
    "an empty list, then one of numbers": ("a\n[]\n[1]\n", {}),
    "semicolons in a list": ("a\n[1;2]\n", {}),
    "lists and dicts": ("a\n{'a':1}\n[1]\n", {}),
    "lists and texts": ("a\n[1 2]\nx\n", {}),
    "lists and numbers": ("a\n[1,2]\n1\n", {}),
    # Types that somebody asked for.
    "fraction as int": ("a\n4.5\n", {"column_type_hints": int}),
    "fractions as int": ("a,b\n4.5,x\n-2.9,y\n", {"column_type_hints": {"a": int}}),
    "gap as int": ("a,b\n,x\n5,y\n", {"column_type_hints": {"a": int}}),
    "text as float": ("a\nabc\n", {"column_type_hints": float}),
    "number as list": ("a\n5\n", {"column_type_hints": list}),
    "list as list": ("a\n[1,2]\n", {"column_type_hints": list}),
    "list as text": ("a\n[1,2]\n", {"column_type_hints": str}),
    "number as bool": ("a\n1\n", {"column_type_hints": bool}),
    "more than 64 bits as int": ("a,b\n99999999999999999999,x\n", {"column_type_hints": {"a": int}}),
    "too few types": ("a,b\n1,2\n", {"column_type_hints": [int]}),
    "too many types": ("a,b\n1,2\n", {"column_type_hints": [int, int, int]}),
    "types in a tuple": ("a,b\n1,2\n", {"column_type_hints": (int, int)}),
    "type by its name": ("a,b\n1,2\n", {"column_type_hints": {"a": "int"}}),
    "no type": ("a,b\n1,2\n", {"column_type_hints": {"a": None}}),
    # Ends of lines and quotes of one's own.
    "line_terminator": ("a,b|1,2|3,4|", {"line_terminator": "|"}),
    "line_terminator of two": ("a,b||1,2||", {"line_terminator": "||"}),
    "line end within a line": ("a,b|1,x\ny|3,z|", {"line_terminator": "|"}),
    "returns": ("a,b\r1,2\r", {"line_terminator": "\r"}),
    "other quotes": ("a,b\n'1,3',2\n", {"quote_char": "'"}),
    "no escapes": ('a,b\n"1\\n",2\n', {"escape_char": None}),
    "delimiter of two": ("a::b\n1::2\n", {"delimiter": "::"}),
    "comment in quotes": ('a,b\n1,"x#y"\n', {"comment_char": "#"}),
    "true in some": ("a\nyes\nno\nmaybe\n", {"true_values": ["yes"], "false_values": ["no"]}),
    "no such column": ("a,b\n1,2\n", {"usecols": ["z"]}),
    "columns in another order": ("a,b\n1,2\n", {"usecols": ["b", "a"]}),
    "no rows is all rows": ("a\n1\n2\n", {"nrows": 0}),
}


@pytest.mark.parametrize("name", READ)
def test_csv_read(agree, tmp_path, name):
    text, options = READ[name]
    (tmp_path / "frame.csv").write_bytes(text.encode())
    agree(lambda tc: tc.SFrame.read_csv(str(tmp_path / "frame.csv"), verbose=False, **options))


SEVERAL = {
    "folder": ("two", {}),
    "pattern": ("two/*.csv", {}),
    "without header": ("two", {"header": False}),
    "some rows": ("two", {"nrows": 1}),
    "after a row": ("two", {"skiprows": 1, "header": False}),
    "other types in the second": ("other", {}),
    "an empty folder": ("none", {}),
    "a pattern of nothing": ("none/*", {}),
    "nothing": ("nowhere", {}),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_csv_files(agree, tmp_path, name):
    for path, text in {
        "two/a.csv": "a,b\n1,2\n",
        "two/b.csv": "a,b\n3,4\n",
        "other/a.csv": "a,b\n1,2\n",
        "other/b.csv": "a,b\nx,4.5\n",
        "none/deeper/c.csv": "a\n1\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    url, options = SEVERAL[name]
    agree(lambda tc: tc.SFrame.read_csv(str(tmp_path / url), verbose=False, **options))


LINES = {
    "texts": ("one\ntwo\n\nthree 3\n", None),
    "numbers": ("1\n2\n", None),
    "as int": ("1\n2\n", int),
    "as float": ("1\n2.5\n", float),
    "as list": ("[1,2]\n[3]\n", list),
    "texts as int": ("one\n", int),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_of_a_file(agree, tmp_path, name):
    text, dtype = LINES[name]
    (tmp_path / "lines.txt").write_text(text)
    agree(lambda tc: tc.SArray(str(tmp_path / "lines.txt"), dtype))


def test_lines_of_no_file(agree):
    agree(lambda tc: tc.SArray("/nowhere/lines.txt"))


AT_HOME = {
    "read_csv": lambda tc, made: tc.SFrame.read_csv("~/frame.csv", verbose=False),
    "SFrame": lambda tc, made: tc.SFrame("~/frame.csv"),
    "read_json": lambda tc, made: tc.SFrame.read_json("~/frame.json"),
    "SArray": lambda tc, made: tc.SArray("~/frame.csv"),
    "save": lambda tc, made: made(tc.SFrame({"a": [1]}).save, tc.__name__),
    "export_csv": lambda tc, made: made(tc.SFrame({"a": [1]}).export_csv, f"{tc.__name__}.csv"),
    "export_json": lambda tc, made: made(tc.SFrame({"a": [1]}).export_json, f"{tc.__name__}.json"),
    "load_sframe": lambda tc, made: (
        [made(tc.SFrame({"a": [1]}).save, "f" + tc.__name__), tc.load_sframe("~/f" + tc.__name__)]
    ),
    "Image": lambda tc, made: tc.Image("~/photo.png"),
    "load_images": lambda tc, made: tc.image_analysis.load_images("~").shape,
}


@pytest.mark.parametrize("name", AT_HOME)
def test_home(agree, tmp_path, monkeypatch, name):
    """`~` is the home folder in each path, and not a folder of that name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "frame.csv").write_text("a\n1\n")
    (tmp_path / "frame.json").write_text('[{"a":1}]')
    PIL.Image.new("RGB", (3, 2)).save(tmp_path / "photo.png")

    def made(write, file):
        write(f"~/{file}")
        return (tmp_path / file).exists()

    agree(lambda tc: AT_HOME[name](tc, made))


def test_csv_round_trip(agree, tmp_path):
    def there_and_back(tc):
        path = str(tmp_path / f"{tc.__name__}.csv.gz")
        simple(tc).save(path)
        return tc.SFrame(path)

    agree(there_and_back)


JSON = {
    "records": ('[{"a":1,"b":"x"},{"a":2,"b":null}]', {}),
    "records with gaps": ('[{"a":1},{"b":"x"}]', {}),
    "values of all kinds": ('[{"a":[1,2],"b":{"x":[1,"y"]},"c":true,"d":1.5}]', {}),
    "lines": ('{"a":1}\n{"a":2.5}\n', {"orient": "lines"}),
    "lines with gaps": ('{"a":1}\n{"b":2}\n', {"orient": "lines"}),
    "nothing": ("[]", {}),
    "numbers": ("[1,2]", {}),
    "no list": ('{"a":1}', {}),
    "no JSON": ("not json", {}),
    "unknown orient": ('[{"a":1}]', {"orient": "x"}),
    "lists in lists": ('[{"a":[[1,2],[3]]}]', {}),
    "lists in dicts": ('[{"a":{"b":[1,2]}}]', {}),
    "lists in lines": ('{"a":[1,2]}\n{"a":[]}\n', {"orient": "lines"}),
    "lists in lists in lines": ('{"a":[[1,2],["x"]]}\n', {"orient": "lines"}),
    "whole numbers and fractions in a list": ('[{"a":[1,2.5]}]', {}),
    "numbers and texts": ('[{"a":1},{"a":"x"}]', {}),
    "numbers and texts in lines": ('{"a":1}\n{"a":"x"}\n', {"orient": "lines"}),
    "more than 64 bits": ('[{"a":12345678901234567890}]', {}),
    "true and a number": ('[{"a":true},{"a":2}]', {}),
    "null": ('[{"a":null}]', {}),
}


@pytest.mark.parametrize("name", JSON)
def test_json_read(agree, tmp_path, name):
    text, options = JSON[name]
    (tmp_path / "frame.json").write_text(text)
    agree(lambda tc: tc.SFrame.read_json(str(tmp_path / "frame.json"), **options))


@pytest.mark.parametrize("orient", ["records", "lines", "x"])
def test_json_written(agree, tmp_path, orient):
    columns = {"a": [1, None], "d": [{"k": "z", "n": [1, 2]}, {}], "s": ['x"\n', None], "v": [[1, 2.5], [3]]}

    def write(tc):
        path = tmp_path / f"{tc.__name__}.json"
        tc.SFrame(columns).export_json(str(path), orient)
        return path.read_text()

    def there_and_back(tc):
        write(tc)
        return tc.SFrame.read_json(str(tmp_path / f"{tc.__name__}.json"), orient)

    agree(write)
    agree(there_and_back)


SAVED = {
    "a frame": lambda tc, path: tc.SFrame({"a": [1, None]}).save(path),
    "over a frame": lambda tc, path: [tc.SFrame({"a": [value]}).save(path) for value in (1, 2)] and None,
    "as CSV": lambda tc, path: tc.SFrame({"a": [1, 2]}).save(path, format="csv"),
    "as nothing known": lambda tc, path: tc.SFrame({"a": [1, 2]}).save(path, format="foo"),
    "below a file": lambda tc, path: tc.SFrame({"a": [1, 2]}).save(__file__ + "/frame"),
    "nowhere": lambda tc, path: tc.load_sframe(path + "/nowhere"),
    "something else": lambda tc, path: tc.load_sframe("/usr/lib"),
    "over other files": lambda tc, path: tc.SFrame({"a": [1]}).save("/usr/lib"),
}


@pytest.mark.parametrize("call", SAVED.values(), ids=SAVED)
def test_saved(agree, tmp_path, call):
    agree(lambda tc: call(tc, str(tmp_path / tc.__name__)))


def test_saved_and_loaded(agree, tmp_path):
    def there_and_back(tc):
        path = str(tmp_path / tc.__name__)
        rich(tc).save(path)
        return tc.load_sframe(path)

    agree(there_and_back)


PRINTED = {
    "rich": rich,
    "simple": simple,
    "no rows": lambda tc: tc.SFrame({"a": []}),
    "many rows": lambda tc: tc.SFrame({"a": range(20)}),
    "long values": lambda tc: tc.SFrame({"a" * 40: ["b" * 50]}),
    "many columns": lambda tc: tc.SFrame({f"a{number}": ["b" * 10] for number in range(12)}),
    "too many columns": lambda tc: tc.SFrame({f"c{number:02d}": [number] for number in range(25)}),
    "wide columns": lambda tc: tc.SFrame({"a" * 20: [1], "b" * 20: [2], "c" * 20: [3], "d" * 30: [4]}),
    "wide letters": lambda tc: tc.SFrame({"a": ["日本語", "é", "e\u0301"]}),
    "tabs and line ends": lambda tc: tc.SFrame({"a": ["x y\tz\nw"]}),
    "even and odd": lambda tc: tc.SFrame({"name": ["a", "bb", "ccc", "dddd", "eeeee", ""]}),
    "values of all kinds": lambda tc: tc.SFrame({"d": [{"a": 1, "b": [1, 2]}], "l": [[1, "a", None, [1, 2]]]}),
}


@pytest.mark.parametrize("make", PRINTED.values(), ids=PRINTED)
def test_printed(agree, make):
    agree(lambda tc: str(make(tc)))
    agree(lambda tc: repr(make(tc)))


PRINTED_ROWS = {
    "two rows": {"num_rows": 2},
    "two columns": {"num_rows": 3, "num_columns": 2},
    "narrow columns": {"max_column_width": 10},
    "narrow rows": {"max_row_width": 40},
}


@pytest.mark.parametrize("options", PRINTED_ROWS.values(), ids=PRINTED_ROWS)
def test_print_rows(agree, capsys, options):
    def run(tc):
        tc.SFrame({"a": ["x" * 100] * 5, "b": range(5), "c": ["y"] * 5, "d": [[1, 2]] * 5}).print_rows(**options)
        return capsys.readouterr().out

    agree(run)
