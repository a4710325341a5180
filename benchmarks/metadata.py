"""What the files of 20,000 field-camera photos tell: when, where, how warm, by which light; the first time and again.

The photos are made: 40 of 12 megapixels with EXIF, each under 500 names. So the disk is not measured, but the work.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator

from benchmarks.bench import Bench
from benchmarks.process import Task
from benchmarks.table import Row, row

_PHOTOS, _DIFFERENT, _WITHOUT = 20_000, 40, 2_000
_RATE = 500.0  # photos/s, wanted


def rows(bench: Bench) -> Iterator[Row]:
    """Photos a second, whose EXIF has a small picture, as most cameras write it, or has none."""
    source = bench.photos("large", _DIFFERENT)
    for small, count in ((True, _PHOTOS), (False, _WITHOUT)):
        task = Task("benchmarks.metadata:read", {"source": str(source), "count": count, "small": small})
        answer = bench.runner.run(task, f"metadata of {count:,} photos")
        with_it = "with a small picture in their EXIF" if small else "without one: the photo is decoded at an eighth"
        note = f"{count:,} photos of 12 MP {with_it}; {answer['found']}; finding and checking them before: "
        note += f"{answer['checked']:.1f} s; all of it again: {answer['again']:.2f} s"
        name = f"metadata, {count:,} photos{'' if small else ' without a small picture'}"
        yield row(name, count / answer["seconds"], "photos/s", "wanted", _RATE, note=note)


def read(source: str, count: int, small: bool) -> Dict[str, Any]:
    """Make the folder, load it, and load it again; the seconds of the details alone, and of all the second time."""
    from helpers.photos.load import load_photos

    with tempfile.TemporaryDirectory(dir=Path(source).parent) as folder:
        os.environ["KINFRAME_CACHE"] = str(Path(folder) / "cache")
        photos = Path(folder) / "photos"
        _make(Path(source), photos, count, small)
        time.sleep(3.5)  # files of this moment are not kept: they might still change
        start = time.perf_counter()
        load_photos(photos, progress=False)
        checked = time.perf_counter()
        data, _ = load_photos(photos, layout="{site}/{camera}", details=True, progress=False)
        done = time.perf_counter()
        again, _ = load_photos(photos, layout="{site}/{camera}", details=True, progress=False)
        ended = time.perf_counter()
        assert list(again["infrared"]) == list(data["infrared"]) and None not in data["taken"]
        found = f"{sum(data['infrared'])} infrared, {len(set(data['site']))} sites"
        return {"checked": checked - start, "seconds": done - checked, "again": ended - done, "found": found}


def _make(source: Path, photos: Path, count: int, small: bool) -> None:
    from PIL import Image

    originals = []
    for number, path in enumerate(sorted(source.glob("*.jpg"))):
        with Image.open(path) as image:
            size = (image.width // 25, image.height // 25)
            thumbnail = image.convert("L" if number % 2 else "RGB").resize(size) if small else None
            original = photos / f"original-{number}"
            photos.mkdir(parents=True, exist_ok=True)
            original.write_bytes(_with_exif(path.read_bytes(), number, thumbnail))
            originals.append(original)
    for number in range(count):
        folder = photos / f"site-{number % 3}" / f"camera-{number % 6}"
        folder.mkdir(parents=True, exist_ok=True)
        original = originals[number % len(originals)]
        try:
            os.link(original, folder / f"IMG_{number:05}.JPG")
        except OSError:  # a disk without links
            shutil.copy(original, folder / f"IMG_{number:05}.JPG")
    for original in originals:
        original.unlink()


def _with_exif(photo: bytes, number: int, thumbnail: Any) -> bytes:
    """The JPEG with EXIF as a camera writes it: a date, a maker, a place, and a small picture in its second part."""
    import io

    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "MADE UP", "BENCHMARK"
    exif[0x8769] = {0x9003: f"2026:05:{1 + number % 28:02} {number % 24:02}:30:00", 0x9400: 12.5}
    exif[0x8825] = {1: "N", 2: (48.0, 30.0, 0.0), 3: "E", 4: (9.0, 0.0, 0.0)}
    content = exif.tobytes()
    if thumbnail is not None:
        buffer = io.BytesIO()
        thumbnail.save(buffer, "JPEG", quality=80)
        header = b"Exif\0\0"
        tiff = bytearray(content[len(header) :])
        order = "little" if tiff[:2] == b"II" else "big"
        first = int.from_bytes(tiff[4:8], order)
        link = first + 2 + 12 * int.from_bytes(tiff[first : first + 2], order)
        tiff[link : link + 4] = len(tiff).to_bytes(4, order)
        second = (2).to_bytes(2, order)
        for tag, value in ((0x0201, len(tiff) + 30), (0x0202, len(buffer.getvalue()))):
            second += (
                tag.to_bytes(2, order) + (4).to_bytes(2, order) + (1).to_bytes(4, order) + value.to_bytes(4, order)
            )
        content = header + bytes(tiff) + second + bytes(4) + buffer.getvalue()
    return photo[:2] + b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content + photo[2:]
