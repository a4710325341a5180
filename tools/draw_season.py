"""Draw a season of field-camera photos: `python tools/draw_season.py FOLDER [--photos N]`.

Three sites, five cameras, four species, bursts, blanks, staff, infrared nights and a clock that was reset, with the
truth about all of it. Made up from end to end: no photo, no place and no animal is real. Pillow and NumPy alone; the
same seed and the same Pillow give the same bytes.
"""

import argparse
import csv
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Callable, Dict, List, Optional, Sequence, Tuple, Union

from drawing.season.habits import STATIONS
from drawing.season.photo import Photo, Photographer
from drawing.season.places import scene
from drawing.season.plan import Shot, season
from drawing.season.tables import detections, truth, write_deployments, write_detections, write_truth

QUALITY = 68
_OURS = {"photos", "deployments.csv", "truth.csv", "megadetector.json"}


def draw(folder: Union[str, Path], *, seed: int = 7, days: int = 25, photos: int = 1000, scale: float = 1.0) -> Path:
    """Draw the season into a folder, which must not exist, be empty, or hold an earlier season; returns its path.

    About `photos` photos of 800 x 600 pixels times `scale`, over `days` days. The folder then holds
    `photos/<site>/<camera>/*.JPG`, `deployments.csv`, `truth.csv` and `megadetector.json`; paths in the tables are
    relative to `photos`. It is whole or not there at all. Raises ValueError for a folder that holds something else
    and for days too few for the photos.
    """
    folder = Path(folder)
    _check(folder)
    if not (days >= 2 and photos >= 1 and 0.2 <= scale <= 3):
        raise ValueError("a season takes at least 2 days and 1 photo, at a scale between 0.2 and 3")
    plan = season(seed, days, photos)
    folder.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        rows, found = _photos(plan.shots, workshop / "photos", seed, (round(800 * scale), round(600 * scale)))
        write_deployments(plan, workshop / "deployments.csv")
        write_truth(rows, workshop / "truth.csv")
        write_detections(found, workshop / "megadetector.json")
        if folder.exists():
            shutil.rmtree(folder)
        workshop.chmod(0o755)
        workshop.rename(folder)
    except BaseException:
        shutil.rmtree(workshop, ignore_errors=True)
        raise
    return folder


def _check(folder: Path) -> None:
    if not folder.exists():
        return
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else {"a file"}
    if held and not (held == _OURS and _drawn(folder)):
        raise ValueError(f"{folder}: holds something else than a season; name an empty or a new folder")


def _drawn(folder: Path) -> bool:
    """Whether the photos in a folder are those of its table, and no others."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as stream:
        listed = {row.get("path") for row in csv.DictReader(stream)}
    photos = folder / "photos"
    return listed == {path.relative_to(photos).as_posix() for path in photos.rglob("*") if path.is_file()}


def _photos(shots: Sequence[Shot], folder: Path, seed: int, size: Tuple[int, int]):
    """Draw them on all cores, a camera after another; truth and detections in the order of the shots."""
    report_progress = _progress(len(shots))
    rows: Dict[str, dict] = {}
    found: Dict[str, dict] = {}

    def take(photographer: Photographer, shot: Shot) -> None:
        photo = photographer.take(shot)
        save(photo, shot, folder / shot.path)
        rows[shot.path], found[shot.path] = truth(shot, photo), detections(shot, photo, seed)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for camera in STATIONS:
            mine = [shot for shot in shots if shot.camera == camera]
            (folder / mine[0].path).parent.mkdir(parents=True)
            photographer = Photographer(camera, scene(camera, *size, seed), seed)
            for _ in pool.map(lambda shot, who=photographer: take(who, shot), mine):
                report_progress()
    return [rows[shot.path] for shot in shots], [found[shot.path] for shot in shots]


def save(photo: Photo, shot: Shot, file: Union[Path, BinaryIO]) -> None:
    """Write a photo as the camera would: by its own clock, however wrong."""
    exif = photo.image.getexif()
    clock = f"{shot.clock:%Y:%m:%d %H:%M:%S}"
    exif[0x010F], exif[0x0110] = "Kinframe", "Drawn field camera"
    exif[0x010E] = "A drawing: no photo, no place and no animal is real"
    exif[0x0132] = clock
    exif[0x8769] = {0x9003: clock, 0x9004: clock}
    photo.image.save(file, "JPEG", quality=QUALITY, exif=exif)


def _progress(total: int) -> Callable[[], None]:
    """A bar where tqdm is installed, else a line every five seconds; nothing within the first two."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        done, last = [0], [time.monotonic() - 3]

        def tell() -> None:
            done[0] += 1
            if time.monotonic() - last[0] > 5:
                last[0] = time.monotonic()
                print(f"{done[0]} of {total} photos", file=sys.stderr)

        return tell
    bar = tqdm(total=total, desc="photos", delay=2)
    return lambda: (bar.update(), bar.close() if bar.n == total else None)[1]


def main(words: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="Draw a season of field-camera photos, with its truth.")
    parser.add_argument("folder", type=Path, help="a new or empty folder, or one with an earlier season")
    parser.add_argument("--photos", type=int, default=1000, help="about how many (1000)")
    parser.add_argument("--days", type=int, default=25, help="how long the cameras stand (25)")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 800 x 600 pixels")
    parser.add_argument("--seed", type=int, default=7, help="another one gives another season (7)")
    chosen = parser.parse_args(words)
    try:
        folder = draw(chosen.folder, seed=chosen.seed, days=chosen.days, photos=chosen.photos, scale=chosen.scale)
    except (ValueError, OSError) as error:
        print(f"draw_season: {error}", file=sys.stderr)
        return 1
    print(f"{sum(1 for _ in (folder / 'photos').rglob('*.JPG'))} photos in {folder / 'photos'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
