"""Draw the sample pictures again: `python tools/draw_robots.py [folder]`.

Writes the 199 pictures of Bolu and Tarn and their table `robots.csv` into the folder, by default `data/` itself.
The same Pillow gives the same bytes.
"""

import csv
import sys
from pathlib import Path

from drawing.robots.pictures import draw, row, save
from drawing.robots.recipes import recipes


def main(folder: Path) -> None:
    rows = []
    for recipe in recipes():
        picture = draw(recipe)
        save(picture, recipe, folder)
        rows.append(row(picture, recipe))
    with (folder / "robots.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    print(f"{len(rows)} pictures in {folder / 'robots'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "data")
