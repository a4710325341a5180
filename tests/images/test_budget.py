import io
import threading
import time
from contextlib import contextmanager

import pytest
from PIL import Image, ImageFile

from helpers.collection.duplicates.originals import _traces
from helpers.errors import PhotoError
from helpers.files.lock import Busy
from helpers.images import budget
from helpers.images.budget import MemoryBudget, memory_of
from helpers.images.crop import enlarged
from helpers.images.decode import check_photo, is_turned, open_photo
from helpers.images.uploads import UploadLimits, check_upload
from helpers.photos.metadata.read import read_metadata
from helpers.season.part_features import _in_infrared
from tests.support.pictures import encoded, picture
from tests.support.until import HANGS, until


class Meeting:
    """How many threads are inside at once, at most."""

    def __init__(self):
        self.most, self._inside, self._lock = 0, [], threading.Lock()

    @contextmanager
    def inside(self):
        with self._lock:
            self._inside.append(threading.get_ident())
            self.most = max(self.most, len(set(self._inside)))
        time.sleep(0.02)  # so that others come in, where they may
        yield
        with self._lock:
            self._inside.remove(threading.get_ident())


def together(*work):
    """All of it at once, in threads."""
    begin, errors = threading.Barrier(len(work)), []

    def one(task):
        begin.wait(HANGS)
        try:
            task()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(task,), daemon=True) for task in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANGS)
        assert not thread.is_alive()
    assert not errors, errors


def holds(limits, needed, meeting):
    def hold():
        with limits.take(needed), meeting.inside():
            pass

    return hold


@pytest.mark.parametrize("needed, most", [(25, 4), (40, 2), (60, 1), (500, 1)])
def test_as_many_are_decoded_at_once_as_there_is_room_for(needed, most):
    limits, meeting = MemoryBudget(100), Meeting()
    together(*[holds(limits, needed, meeting)] * 6)
    assert meeting.most <= most


def test_a_large_one_has_its_turn():
    limits, order = MemoryBudget(100), []

    def come(name, needed):
        with limits.take(needed):
            order.append(name)

    with limits.take(10):
        large = threading.Thread(target=come, args=("large", 100), daemon=True)
        large.start()
        until(limits._turn.locked)
        small = threading.Thread(target=come, args=("small", 10), daemon=True)
        small.start()
        small.join(0.1)
        assert order == []  # there would be room for it
    for thread in (large, small):
        thread.join(HANGS)
    assert order == ["large", "small"]


def test_who_holds_a_share_never_waits_for_another():
    limits = MemoryBudget(100)
    with limits.take(100), limits.take(100):
        pass
    with limits.take(100):
        pass


def test_a_share_is_given_back_after_an_error():
    limits = MemoryBudget(100)
    with pytest.raises(OSError, match="torn"), limits.take(100):
        raise OSError("torn")
    together(holds(limits, 100, Meeting()))


def test_processes_decode_large_photos_one_at_a_time(tmp_path):
    limits = [MemoryBudget(10**9) for _ in range(3)]  # each stands for a process
    for each in limits:
        each.share(tmp_path / "decoding.lock")
    large, small = Meeting(), Meeting()
    together(*(holds(each, 200_000_000, large) for each in limits))
    assert large.most == 1
    with limits[0].take(200_000_000):
        together(holds(limits[1], 1_000, small))  # does not wait
    assert list(tmp_path.iterdir()) == []


def test_others_that_are_large_for_too_long_are_an_error(tmp_path, monkeypatch):
    def busy(path):
        raise Busy("it is held")

    monkeypatch.setattr(budget, "locked", busy)
    limits = MemoryBudget(10**9)
    limits.share(tmp_path / "decoding.lock")
    with pytest.raises(PhotoError, match="try again"), limits.take(200_000_000):
        pass
    together(holds(limits, 1_000, Meeting()))


SIZES = {"WEBP": (300, 200), "PNG": (300, 200), "JPEG": (300, 200), "TIFF": (300, 200)}
WAYS = {
    "open": lambda content: open_photo(content, size=(24, 24)),
    "within": lambda content: open_photo(content, within=24),
    "check": lambda content: check_photo(content[:-2] if content.startswith(b"\xff\xd8") else content),
    "upload": lambda content: check_upload(content, UploadLimits()),
    "part": lambda content: enlarged(content, (0.2, 0.2, 0.8, 0.8), 24, 1.0),
    "metadata": read_metadata,
    "turned": is_turned,
    "traces": _traces,
    "infrared": _in_infrared,
}


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_whatever_decodes_keeps_within_the_budget(kind, way, monkeypatch):
    if (kind, way) == ("JPEG", "upload"):
        pytest.skip("a whole JPEG is not decoded by the check")
    content, meeting, load = encoded(picture(0, SIZES[kind]), kind), Meeting(), ImageFile.ImageFile.load

    def watched(image):
        if getattr(image, "watched", False):
            return load(image)  # it is decoded already
        image.watched = True
        with meeting.inside():
            return load(image)

    monkeypatch.setattr(budget.BUDGET, "most", 1)  # each is larger: one after another
    monkeypatch.setattr(ImageFile.ImageFile, "load", watched)

    def decode():
        try:
            WAYS[way](content)
        except PhotoError:
            assert (kind, way) == ("JPEG", "check")  # cut off

    together(*[decode] * 4)
    assert meeting.most == (0 if way in ("turned", "traces") and kind != "PNG" else 1)  # by EXIF, after a PNG's pixels


def test_what_a_photo_takes():
    def needed(kind, mode="RGB", side=None, **more):
        with Image.open(io.BytesIO(encoded(Image.new(mode, (2_400, 1_800)), kind, **more))) as image:
            return memory_of(image, side)

    assert needed("PNG") == needed("JPEG") == 21_600_000
    assert needed("JPEG", side=224) == 21_600_000 // 16  # at a quarter
    assert needed("JPEG", side=20) == 21_600_000 // 64
    assert needed("JPEG", side=224, progressive=True) == 12_960_000 + 21_600_000 // 16
    assert needed("PNG", side=224) == 21_600_000
    assert needed("WEBP") == 69_120_000
    assert needed("PNG", "RGBA") == needed("PNG", "I;16") == 73_440_000
