import io
import json
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
import tqdm

import helpers.collection.atlas
import helpers.collection.atlas_file
from helpers.collection.atlas import Atlas
from helpers.errors import FrameError, ModelError, PhotoError
from helpers.features.distance import METRICS
from helpers.photos.load import load_photos
from helpers.similarity.build import create
from tests.support.pictures import folder_of, picture
from tests.support.processors import KINDS

METHODS = ("tsne", "pca")
WITH_UMAP = (
    *METHODS,
    pytest.param("umap", marks=pytest.mark.skipif(not find_spec("umap"), reason="umap-learn is not installed")),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return folder_of(tmp_path_factory.mktemp("photos") / "photos", count=12)


@pytest.fixture(scope="module")
def model(folder, network):
    return made(folder, network)


def made(folder, network, **settings):
    return create(load_photos(folder, progress=False)[0], model=network, verbose=False, store=False, **settings)


def only(vectors, metric="euclidean"):
    """What a map takes from a model that knows nothing but features."""
    identities = [f"{row:064x}" for row in range(1, len(vectors) + 1)]
    vectors = np.asarray(vectors, np.float32)
    return SimpleNamespace(
        vectors=vectors, metric=metric, key="tiny 1 fp32", collection=SimpleNamespace(identities=identities)
    )


def groups(count=120, groups=4, width=80, seed=0):
    """Features in groups far from each other, and the group of each."""
    random = np.random.default_rng(seed)
    group = np.arange(count) % groups
    return random.normal(size=(groups, width))[group] * 5 + random.normal(size=(count, width)), group


def share_of_kin(positions, group, k=5):
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    near = np.argsort(apart, axis=1, kind="stable")[:, 1 : k + 1]
    return (group[near] == group[:, None]).mean()


@pytest.mark.slow("hundreds of photos are laid out")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("method", WITH_UMAP)
@pytest.mark.once(
    "distances are NumPy's in both; each way of drawing is in both",
    but=["tsne-euclidean", "pca-cosine", "umap-euclidean"],
)
def test_kin_lie_together_in_the_unit_square(method, metric):
    vectors, group = groups()
    atlas = Atlas(only(vectors, metric), method=method, progress=False)
    assert atlas.positions.shape == (120, 2) and atlas.positions.dtype == np.float32
    low, high = atlas.positions.min(axis=0), atlas.positions.max(axis=0)
    assert np.max(high - low) == pytest.approx(1) and low.min() == 0 and high.max() == 1
    assert np.allclose(low + high, 1)  # in the middle
    assert share_of_kin(atlas.positions, group) > 0.95
    assert "120 photos" in atlas.note and atlas.note in repr(atlas) and len(atlas) == 120


def test_proportions_are_kept():
    square = np.zeros((50, 30))
    square[:, :2] = np.random.default_rng(0).random((50, 2)) * (8, 2)
    positions = Atlas(only(square), method="pca", progress=False).positions
    apart, before = (np.linalg.norm(each[1:] - each[0], axis=1) for each in (positions, square))
    assert np.allclose(apart / apart.max(), before / before.max(), atol=1e-4)


def test_cosine_does_not_see_the_length():
    vectors, _ = groups(40)
    longer = vectors * np.random.default_rng(1).uniform(1, 9, (40, 1))
    one, other = (Atlas(only(each, "cosine"), method="pca", progress=False).positions for each in (vectors, longer))
    assert np.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("method", WITH_UMAP)
def test_the_same_seed_gives_the_same_map(method):
    model = only(groups(60)[0])
    first, second = (Atlas(model, method=method, seed=3, progress=False).positions for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("method", WITH_UMAP)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 10])
def test_a_few_photos_are_a_map_too(count, method, capfd):
    atlas = Atlas(only(groups(count)[0]), method=method)
    assert atlas.positions.shape == (count, 2) and (atlas.positions >= 0).all() and (atlas.positions <= 1).all()
    assert len(np.unique(atlas.positions, axis=0)) == count
    assert str(count) in atlas.note
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", WITH_UMAP)
@pytest.mark.parametrize("metric", METRICS)
def test_photos_that_are_all_the_same_lie_in_the_middle(method, metric):
    for vectors in (np.ones((20, 30)), np.zeros((20, 30))):
        atlas = Atlas(only(vectors, metric), method=method, progress=False)
        assert (atlas.positions == 0.5).all() and "all the same" in atlas.note
    assert (Atlas(only(np.ones((1, 30))), method=method, progress=False).positions == 0.5).all()


@pytest.mark.parametrize("method", WITH_UMAP)
def test_many_copies_of_two_photos(method):
    vectors = np.repeat(groups(2, groups=2)[0], 20, axis=0)
    positions = Atlas(only(vectors), method=method, progress=False).positions
    assert np.isfinite(positions).all() and share_of_kin(positions, np.repeat([0, 1], 20)) == 1


def test_features_of_one_number():
    for method in METHODS:
        assert np.isfinite(Atlas(only(np.arange(12.0)[:, None]), method=method, progress=False).positions).all()


@pytest.mark.slow("hundreds of photos are laid out")
@pytest.mark.parametrize("method", WITH_UMAP)
@pytest.mark.once("where a photo lands among landmarks is arithmetic of ours", but=["pca"])
def test_of_more_photos_some_are_landmarks(method, monkeypatch):
    vectors, group = groups(1_240)
    monkeypatch.setattr(helpers.collection.atlas, "_PLACED", 500)
    atlas = Atlas(only(vectors), method=method, landmarks=100, progress=False)
    assert "100 photos, drawn at random from 1,240; the other 1,140 were placed" in atlas.note
    assert share_of_kin(atlas.positions, group) > 0.95
    again = Atlas(only(vectors), method=method, landmarks=100, seed=1, progress=False)
    assert not np.array_equal(atlas.positions, again.positions)


@pytest.mark.parametrize("method", WITH_UMAP)
def test_photos_from_outside_find_their_place_and_nothing_moves(method, folder, model, tmp_path):
    atlas = Atlas(model, method=method, progress=False)
    before = atlas.positions.copy()
    picture(99).save(tmp_path / "new.png")
    photo, copy = tmp_path / "new.png", tmp_path / "copy.png"
    copy.write_bytes(photo.read_bytes())
    known = folder / "2.jpg"
    places = atlas.place([photo, known, known.read_bytes(), copy], progress=False)
    assert places.dtype == np.float32 and places.shape == (4, 2)
    assert (places >= 0).all() and (places <= 1).all()
    assert np.array_equal(places[1], before[2]) and np.array_equal(places[2], before[2])
    assert np.allclose(places[0], places[3], atol=0.02)
    assert np.array_equal(atlas.positions, before)
    assert np.array_equal(atlas.place(known), before[2:3])  # one photo needs no list
    assert atlas.place([]).shape == (0, 2)


@pytest.mark.parametrize("method", METHODS)
def test_a_place_does_not_depend_on_the_others(method, model):
    atlas = Atlas(model, method=method, progress=False)
    photos = []
    for seed in range(100, 104):
        buffer = io.BytesIO()
        picture(seed).save(buffer, "PNG")
        photos.append(buffer.getvalue())
    together = atlas.place(photos)
    assert np.allclose(together, np.concatenate([atlas.place(each) for each in photos]), atol=1e-5)


def test_a_photo_like_one_of_the_model_is_placed_beside_it(model, folder, tmp_path):
    from PIL import Image

    atlas = Atlas(model, progress=False)
    with Image.open(folder / "4.jpg") as photo:
        photo.save(tmp_path / "again.png")
    place = atlas.place(tmp_path / "again.png")[0]
    row = list(model.names).index("4.jpg")
    assert np.argmin(np.linalg.norm(atlas.positions - place, axis=1)) == row


def test_one_bad_photo_costs_no_other(model, tmp_path, capsys):
    atlas = Atlas(model, method="pca", progress=False)
    picture(99).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no photo")
    places = atlas.place([tmp_path / "bad.png", tmp_path / "good.png"])
    assert np.isnan(places[0]).all() and np.isfinite(places[1]).all()
    assert "not on the map: bad.png: " in capsys.readouterr().out
    with pytest.raises(PhotoError, match=r"bad\.png"):
        atlas.place(tmp_path / "bad.png")
    with pytest.raises(FrameError):
        atlas.place([3.5])


@pytest.mark.parametrize("method", WITH_UMAP)
def test_a_map_from_disk_is_the_same_map(method, model, tmp_path):
    atlas = Atlas(model, method=method, landmarks=10, progress=False)
    atlas.save(tmp_path / "deep" / "photos.atlas")
    loaded = Atlas.load(tmp_path / "deep" / "photos.atlas", model)
    assert np.array_equal(loaded.positions, atlas.positions)
    assert (loaded.note, loaded.method, loaded.seed) == (atlas.note, method, 0)
    picture(99).save(tmp_path / "new.png")
    assert np.array_equal(loaded.place(tmp_path / "new.png"), atlas.place(tmp_path / "new.png"))
    assert [each.name for each in (tmp_path / "deep").iterdir()] == ["photos.atlas"]
    loaded.save(tmp_path / "deep" / "photos.atlas")  # over the older one
    assert np.array_equal(Atlas.load(tmp_path / "deep" / "photos.atlas", model).positions, atlas.positions)


def test_a_few_photos_on_disk(tmp_path):
    model = only(groups(3)[0])
    Atlas(model, progress=False).save(tmp_path / "few")
    assert "too few for t-SNE" in Atlas.load(tmp_path / "few", model).note


def test_photos_that_come_and_go_move_no_other(network, tmp_path):
    before = made(folder_of(tmp_path / "before", count=10), network)
    after = folder_of(tmp_path / "after", count=13)
    (after / "2.jpg").rename(after / "zzz.jpg")
    (after / "4.jpg").unlink()
    (after / "copy of 6.jpg").write_bytes((after / "6.jpg").read_bytes())
    after = made(after, network)
    atlas = Atlas(before, progress=False)
    atlas.save(tmp_path / "map")
    loaded = Atlas.load(tmp_path / "map", after)
    old = dict(zip(before.names, atlas.positions.tolist()))
    new = dict(zip(after.names, loaded.positions.tolist()))
    assert len(loaded) == 13 and new["zzz.jpg"] == old["2.jpg"]
    assert all(new[name] == old[name] for name in set(old) & set(new))
    assert np.allclose(new["copy of 6.jpg"], old["6.jpg"], atol=0.05)
    assert loaded.note.endswith("; placed since: 4; no longer there: 1")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.once("the processor is pretended", but=["plain"])
def test_next_weeks_photos_find_the_map_whatever_the_processor(network, processor, tmp_path, kind):
    """A store goes on as it began, few photos or many, so that the map's features are those of the model."""
    folder, store = folder_of(tmp_path / "photos", count=10), tmp_path / "store"
    first = create(load_photos(folder, progress=False)[0], model=network, verbose=False, store=store)
    Atlas(first, progress=False).save(tmp_path / "map")
    processor.try_for(12)
    processor.become(kind)
    folder_of(folder, count=60)
    model = create(load_photos(folder, progress=False)[0], model=network, verbose=False, store=store)
    assert len(Atlas.load(tmp_path / "map", model)) == 60


def test_a_map_of_fewer_photos_can_be_kept_too(tmp_path):
    model = only(groups(20)[0])
    atlas = Atlas(model, progress=False)
    atlas.save(tmp_path / "all")
    few = only(model.vectors[5:9])
    few.collection.identities = model.collection.identities[5:9]
    Atlas.load(tmp_path / "all", few).save(tmp_path / "few")
    assert np.array_equal(Atlas.load(tmp_path / "few", few).positions, atlas.positions[5:9])
    grown = Atlas.load(tmp_path / "few", model)
    assert np.array_equal(grown.positions[5:9], atlas.positions[5:9]) and "placed since: 16" in grown.note


def test_a_map_is_of_its_features(tmp_path):
    model = only(groups(20)[0])
    Atlas(model, method="pca", progress=False).save(tmp_path / "map")
    for field, value in (("metric", "cosine"), ("key", "other 2 fp32")):
        other = only(model.vectors)
        setattr(other, field, value)
        with pytest.raises(ModelError, match="makes another map"):
            Atlas.load(tmp_path / "map", other)


def test_no_damaged_map_is_opened(tmp_path):
    model = only(groups(20)[0])
    place = tmp_path / "map"
    Atlas(model, method="pca", progress=False).save(place)
    whole = place.read_bytes()
    with np.load(place) as file:
        parts = dict(file)
    about = json.loads(str(parts["about"]))

    def with_parts(**changed):
        np.savez(tmp_path / "other.npz", **{**parts, **changed})
        return (tmp_path / "other.npz").read_bytes()

    nan = np.full_like(parts["positions"], np.nan)
    for damaged in (
        b"",
        b"no map",
        whole[: len(whole) // 2],
        whole[:-5],
        with_parts(positions=np.array([object()])),  # a pickle
        with_parts(positions=parts["positions"][:5]),
        with_parts(positions=nan),
        with_parts(components=parts["components"][:, :5]),
        with_parts(about=np.array("[]")),
        with_parts(about=np.array(json.dumps({**about, "layout": "other"}))),
        with_parts(about=np.array(json.dumps({**about, "kinframe_atlas": 99}))),
    ):
        place.write_bytes(damaged)
        with pytest.raises(ModelError, match="makes another"):
            Atlas.load(place, model)
    with pytest.raises(ModelError, match="not a saved map"):
        Atlas.load(tmp_path / "nowhere", model)


def test_what_is_no_map_stays(tmp_path, monkeypatch):
    atlas = Atlas(only(groups(20)[0]), method="pca", progress=False)
    (tmp_path / "notes.txt").write_text("mine")
    for other in (tmp_path / "notes.txt", tmp_path):
        with pytest.raises(ModelError, match="something else"):
            atlas.save(other)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    atlas.save(tmp_path / "map")
    before = (tmp_path / "map").read_bytes()

    def full(file, **_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(ModelError, match="No space left"):
        atlas.save(tmp_path / "map")
    assert (tmp_path / "map").read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["map", "notes.txt"]


def test_umap_is_asked_for_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "umap", None)
    with pytest.raises(ModelError, match="pip install umap-learn"):
        Atlas(only(groups(20)[0]), method="umap")


def test_arguments():
    model = only(groups(20)[0])
    for wrong in ({"method": "som"}, {"landmarks": 0}, {"seed": -1}, {"seed": 1.5}):
        with pytest.raises(FrameError):
            Atlas(model, **wrong)
    with pytest.raises(FrameError, match="no photos"):
        Atlas(only(np.empty((0, 20))))


def test_progress_counts_every_round_and_an_interrupt_ends_it(monkeypatch):
    bars = []

    class Bar(tqdm.tqdm):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **{**settings, "file": io.StringIO()})
            if settings.get("desc") == "t-SNE":
                bars.append(self)

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    model = only(groups(20)[0])
    Atlas(model)
    assert bars[0].n == bars[0].total == 750

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Bar, "update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Atlas(model)
    assert len(bars) == 2 and bars[1].disable  # closed


def test_digests_of_copies_are_told_apart():
    a, b = "01" * 32, "02" * 32
    among = helpers.collection.atlas_file.digests([a, b, a, None])
    assert helpers.collection.atlas_file.rows_among(
        helpers.collection.atlas_file.digests([a, a, a, None, b]), among
    ).tolist() == [0, 2, -1, -1, 1]
    assert helpers.collection.atlas_file.rows_among(among, among).tolist() == [0, 1, 2, 3]
