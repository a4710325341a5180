"""The rows of the table: made, printed, and written as `bench.json` and `bench.md`.

A row is a dict of `work`, `ours`, `unit`, `peer`, `theirs`, `ratio`,
`agreement` and `note`, in this order. What could not be measured is `None`,
and the note says why.
"""

import json
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

Row = Dict[str, Any]

_WIDEST = {"work": 44, "note": 60}  # characters, then a cell goes on below
_RIGHT = ("ratio", "ours", "theirs", "agreement")


def row(
    work: str,
    ours: Optional[float],
    unit: str,
    peer: str,
    theirs: Optional[float],
    *,
    agreement: Optional[float] = None,
    note: str = "",
) -> Row:
    """One row; its ratio is above 1 where ours is better, whether much or little of the unit is good."""
    return {
        "work": work,
        "ours": _rounded(ours),
        "unit": unit,
        "peer": peer,
        "theirs": _rounded(theirs),
        "ratio": _rounded(ratio(ours, theirs, unit)),
        "agreement": _rounded(agreement),
        "note": note,
    }


def ratio(ours: Optional[float], theirs: Optional[float], unit: str) -> Optional[float]:
    """How many times better ours is: of `photos/s`, `recall`, `precision` the more the better, else the less."""
    if not ours or not theirs:
        return None
    return ours / theirs if unit.endswith("/s") or unit in ("recall", "precision") else theirs / ours


def text(rows: Sequence[Row]) -> str:
    """The table as it is printed, ratios first."""
    columns = ("ratio", "work", "ours", "peer", "theirs", "agreement", "note")
    lines = [{name: name for name in columns}, *map(_shown, rows)]
    cells = [[textwrap.wrap(line[name], _WIDEST.get(name, 99)) or [""] for name in columns] for line in lines]
    widths = [max(len(part) for line in cells for part in line[place]) for place in range(len(columns))]
    printed = []
    for line in cells:
        for depth in range(max(map(len, line))):
            parts = [cell[depth] if depth < len(cell) else "" for cell in line]
            aligned = [
                part.rjust(width) if name in _RIGHT else part.ljust(width)
                for name, part, width in zip(columns, parts, widths)
            ]
            printed.append("  ".join(aligned).rstrip())
    rule = "-" * max(map(len, printed))
    return "\n".join([printed[0], rule, *printed[1:]])


def write(rows: Sequence[Row], facts: Dict[str, str], folder: Path) -> None:
    """Leave `bench.json`, the rows, and `bench.md`, the machine and the rows, in `folder`.

    The note of each row ends with the processor's instructions, where `facts` have them: a row is read by itself, too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    has = [facts["instructions"]] if "instructions" in facts else []
    rows = [{**row, "note": "; ".join(filter(None, [row["note"], *has]))} for row in rows]
    (folder / "bench.json").write_text(json.dumps(list(rows), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "bench.md").write_text(_markdown(rows, facts), encoding="utf-8")


def _markdown(rows: Sequence[Row], facts: Dict[str, str]) -> str:
    columns = ("ratio", "work", "ours", "peer", "theirs", "agreement", "note")
    lines: List[str] = [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", f"| {' | '.join(columns)} |", "|" + "|".join("---:" if c in _RIGHT else "---" for c in columns) + "|"]
    for shown in map(_shown, rows):
        lines.append("| " + " | ".join(shown[name].replace("|", "\\|") for name in columns) + " |")
    return "\n".join(lines) + "\n"


def _shown(entry: Row) -> Dict[str, str]:
    def figure(name: str) -> str:
        return "-" if entry[name] is None else f"{entry[name]:,g} {entry['unit']}"

    return {
        "ratio": "-" if entry["ratio"] is None else f"{entry['ratio']:.3g}x",
        "work": entry["work"],
        "ours": figure("ours"),
        "peer": entry["peer"],
        "theirs": figure("theirs"),
        "agreement": "" if entry["agreement"] is None else f"{entry['agreement']:.3f}",
        "note": entry["note"],
    }


def _rounded(value: Optional[float]) -> Optional[float]:
    """Four digits are more than a second measurement would give again."""
    return None if value is None else float(f"{value:.4g}")
