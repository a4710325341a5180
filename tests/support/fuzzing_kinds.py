"""What `tests.support.fuzzing` damages: for each kind of file, whole ones, and the call of ours that reads them."""

import functools
import io
import json
import struct
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from PIL import Image

from helpers import tc
from helpers.collection.duplicates.move_aside import undo_move
from helpers.collection.duplicates.safe_move import JOURNAL
from helpers.errors import KinframeError, Refused
from helpers.features.store import FeatureStore
from helpers.frames.images import image_of
from helpers.images.opening import formats
from helpers.images.thumbnails import thumbnail
from helpers.images.uploads import UploadLimits, check_upload
from helpers.networks.torch_file import read_state_dict
from helpers.photos.deployments import read_deployments
from helpers.photos.labels import Labels
from helpers.photos.load import load_photos, open_photo
from helpers.photos.metadata.read import read_metadata
from helpers.photos.species import add_species
from helpers.season.detection.read_results import read_detections
from helpers.similarity.build import create, load_model
from tests.support.pictures import encoded, picture, tiny_network
from tests.support.torch_files import torch_zip

GOOD = "a good one.jpg"


class Sample(NamedTuple):
    """Whole files, by name; those of them that are damaged, and where (all of it, by default)."""

    files: Dict[str, bytes]
    damaged: Sequence[str]
    part: Optional[Tuple[int, int]] = None


class Kind(NamedTuple):
    """How whole files are made, and how a folder that has them is read."""

    make: Callable[[Path], Iterator[Sample]]
    read: Callable[[Path], None]


@functools.lru_cache(maxsize=None)
def samples(kind: str) -> List[Sample]:
    """The whole files of a kind, the same in every process."""
    with tempfile.TemporaryDirectory(prefix="kinframe-fuzz-") as folder:
        return list(KINDS[kind].make(Path(folder)))


def _ours(read: Callable[[], Any]) -> None:
    """Call something that may raise an error of ours."""
    try:
        read()
    except KinframeError as error:
        assert "MemoryError" not in str(error), error


# Photos


def _psd() -> bytes:
    pixels = np.asarray(picture(0, (64, 48))).transpose(2, 0, 1).tobytes()
    return b"8BPS" + struct.pack(">H6xHIIHHIIIH", 1, 3, 48, 64, 8, 3, 0, 0, 0, 0) + pixels


def _qoi() -> bytes:
    pixels = np.asarray(picture(0, (64, 48))).reshape(-1, 3)
    return (
        b"qoif"
        + struct.pack(">IIBB", 64, 48, 3, 0)
        + b"".join(b"\xfe" + bytes(each) for each in pixels)
        + b"\0" * 7
        + b"\1"
    )


def _photos(folder: Path) -> Iterator[Sample]:
    photo = picture(0, (64, 48))
    grey, deep = photo.convert("L"), Image.fromarray((np.arange(64 * 48).reshape(48, 64) * 20).astype(np.uint16))
    clear = photo.convert("RGBA")
    clear.putalpha(grey)
    three = {"save_all": True, "append_images": [picture(1, (64, 48)), picture(2, (64, 48))]}
    wanted: List[Tuple[str, Image.Image, str, Dict[str, Any]]] = [
        ("a.jpg", photo, "JPEG", {}),
        ("b.jpg", photo, "JPEG", {"progressive": True, "quality": 95}),
        ("c.jpg", photo.convert("CMYK"), "JPEG", {}),
        ("d.jpg", grey, "JPEG", {"restart_marker_blocks": 2}),
        ("e.jpg", photo, "MPO", three),
        ("a.png", clear, "PNG", {}),
        ("b.png", deep, "PNG", {}),
        ("c.png", photo.quantize(16), "PNG", {"transparency": 3}),
        ("d.png", photo, "PNG", three),
        ("a.tif", photo, "TIFF", {}),
        *((f"{name}.tif", photo, "TIFF", {"compression": name}) for name in ("tiff_lzw", "tiff_deflate", "jpeg")),
        ("b.tif", deep, "TIFF", {"compression": "packbits"}),
        ("c.tif", grey.convert("F"), "TIFF", {}),
        ("d.tif", clear, "TIFF", {"big_tiff": True}),
        ("a.webp", photo, "WEBP", {}),
        ("b.webp", clear, "WEBP", {"lossless": True}),
        ("c.webp", photo, "WEBP", three),
        ("a.gif", photo, "GIF", three),
        ("a.bmp", photo, "BMP", {}),
        ("b.bmp", photo.quantize(16), "BMP", {}),
        ("a.dib", photo, "DIB", {}),
        ("a.heic", photo, "HEIF", {}),
        ("a.avif", photo, "AVIF", {}),
        ("a.jp2", photo, "JPEG2000", {}),
        ("a.ppm", photo, "PPM", {}),
        ("a.pfm", grey.convert("F"), "PPM", {}),
        ("a.ico", clear, "ICO", {}),
        ("a.pcx", photo, "PCX", {}),
        ("a.rgb", photo, "SGI", {"rle": 1}),
        ("a.tga", photo, "TGA", {"compression": "tga_rle"}),
    ]
    Image.init()
    files = {"a.psd": _psd(), "a.qoi": _qoi()}
    for name, image, kind, options in wanted:
        if kind == "MPO" or (kind in formats() and kind in Image.SAVE):
            files[name] = encoded(image, kind, **options)
    read = [name for name in files if not name.endswith(".qoi") or "QOI" in formats()]
    for name in read:
        yield Sample({name: files[name], GOOD: files["a.jpg"]}, [name])


def _read_photos(folder: Path) -> None:
    """Loading, pixels, thumbnails and metadata; and the check of an upload. The good photo is never lost."""
    data, bad = load_photos(folder, progress=False, details=True)
    files = {path.name for path in folder.iterdir() if path.suffix != ".xmp"}  # these are read with their photos
    assert GOOD in list(data["path"]), f"the photo beside it is lost: {list(bad)}"
    assert {*data["path"], *bad["path"]} == files, f"{files - {*data['path'], *bad['path']}} is nowhere"
    for path in (folder / name for name in sorted(files)):
        for read in (open_photo, functools.partial(open_photo, size=(32, 24)), thumbnail, read_metadata):
            _ours(functools.partial(read, path))
        content = path.read_bytes()
        try:
            check_upload(content, UploadLimits())
        except Refused:
            continue
        _ours(functools.partial(open_photo, content, within=512))


# What is in photos beside their pixels


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x0132] = "RECONYX", 6, "2014:06:01 05:59:58"
    exif[0x8769] = {
        **{0x9003: "2014:06:01 05:59:58", 0x9004: "2014:06:01 05:59:58", 0x9290: "25", 0x9010: "+02:00"},
        **{0x9400: 12.5, 0x927C: b"RECONYXUF\0" + bytes(range(200)), 0xA002: 64, 0xA003: 48},
    }
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 1.5), 3: "E", 4: (13.0, 24.0, 0.0), 29: "2014:06:01", 7: (3.0, 59.0, 58.0)}
    return exif.tobytes()


def _metadata(folder: Path) -> Iterator[Sample]:
    exif = _exif()
    packet = _packet()
    good = encoded(picture(3, (64, 48)), "JPEG")
    for name, kind in (("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.webp", "WEBP"), ("a.tif", "TIFF")):
        content = encoded(picture(0, (64, 48)), kind, exif=exif)
        block = exif[6:] if exif[6:] in content else content[:600]
        at = content.index(block)
        yield Sample({name: content, GOOD: good}, [name], (at, at + len(block)))
    mark = b"http://ns.adobe.com/xap/1.0/\0"
    whole = good[:2] + b"\xff\xe1" + (len(mark + packet) + 2).to_bytes(2, "big") + mark + packet + good[2:]
    at = whole.index(packet)
    yield Sample({"a.jpg": whole, GOOD: good}, ["a.jpg"], (at, at + len(packet)))


def _packet() -> bytes:
    tags = "".join(f"<rdf:li>{tag}</rdf:li>" for tag in ("Species|Fox", "Füchse &amp; Co", "wet"))
    names = ("digiKam:TagsList", "lr:hierarchicalSubject", "dc:subject")
    parts = "".join(f"<{name}><rdf:Bag>{tags}</rdf:Bag></{name}>" for name in names)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
        f' tiff:Orientation="6">{parts}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _xmp(folder: Path) -> Iterator[Sample]:
    good = encoded(picture(0, (64, 48)), "JPEG")
    for name in ("a.jpg.xmp", "a.xmp"):
        for packet in (_packet(), _packet().decode().encode("utf-16")):
            yield Sample({name: packet, "a.jpg": good, GOOD: good}, [name])


# Tables


def _detections(folder: Path) -> Iterator[Sample]:
    box = {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4], "classifications": [["4", 0.2], ["7", 0.7]]}
    images = [
        {"file": "north/cam1/1.JPG", "detections": [box, {**box, "category": "2"}]},
        {"file": "C:\\season\\north\\cam1\\2.JPG", "max_detection_conf": 0.9, "detections": [box]},
        {"file": "south/3.JPG", "detections": None, "failure": "Failure image access"},
    ]
    about = {
        "info": {"format_version": "1.5", "detector": "MDV5A"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "classification_categories": {"4": "fox", "7": "ranger"},
    }
    old = [[each["file"], 0.9, [[0.1, 0.2, 0.3, 0.4, 0.9, 1]]] for each in images]
    fox = "5;mammalia;carnivora;canidae;vulpes;vulpes;red fox"
    predictions = [
        {"filepath": "north/cam1/1.JPG", "detections": [box], "prediction": fox, "prediction_score": 0.9},
        {"filepath": "south/3.JPG", "failures": ["DETECTOR"]},
    ]
    entry = {"img_id": "north/cam1/1.JPG", "bbox": [[1, 2, 30, 40]], "category": [0], "confidence": [0.9]}
    scored = {"clf_category": [0], "clf_confidence": [0.5]}
    for content in (
        *({"images": images, **about}, {"images": images}, {"images": old}, {**about, "images": images[:1]}),
        {"predictions": predictions},
        {"annotations": [{**entry, **scored}], "categories": ["animal", "person"], "clf_categories": {"0": "fox"}},
        [entry, {**entry, "bbox": [1, 2, 30, 40], "category": 1, "confidence": 0.5}],
    ):
        yield Sample({"detections.json": json.dumps(content, indent=1).encode()}, ["detections.json"])
    animl = "filepath,category,conf,bbox_x,bbox_y,bbox_w,bbox_h,prediction,confidence\n"
    rows = "north/cam1/1.JPG,1,0.9,0.1,0.2,0.3,0.4,fox,0.8\nsouth/3.JPG,0,,,,,,,\n"
    yield Sample({"detections.csv": (animl + rows).encode()}, ["detections.csv"])


def _read_detections(folder: Path) -> None:
    file = next(folder / name for name in ("detections.csv", "detections.json") if (folder / name).exists())
    found = read_detections(file, ["north/cam1/1.JPG", "north/cam1/2.JPG", "south/3.JPG"], progress=False)
    assert len(found.frame) == len(found.rows) and len(found.animals) == 3
    assert len(list(found.bad)) >= 0 and found.note


_TABLES = (
    "\ufeffdeployment;site;camera;latitude;longitude;start;end\r\nd1;north;C1;-12,5;70.25;2026-05-01;2026-05-03\r\n"
    ";north;C2;;;2026-05-01 10:30:00;2026-05-02T11:00:00Z\r\n",
    "deploymentID,locationName,cameraID,latitude,longitude,deploymentStart,deploymentEnd,habitat\n"
    "d1,north,C1,1,2,2026-05-01T00:00:00+02:00,2026-05-02T00:00:00+0200,forest\n",
    "Station,utm_y,utm_x,Setup_date,Retrieval_date,Problem1_from,Problem1_to\n"
    "StationA,607050,526000,02/04/2009,14/05/2009,,\nStationB,606050,523000,31/3/2009,17/05/2009,10/05/2009,12/05/2009\n",
    'deployment_id\tplacename\tlatitude\tlongitude\tstart_date\tend_date\n"d, 1"\tnorth\t1.5\t2.5\t'
    "2026-05-01 10:00:00\t2026-05-09 11:00:00\n",
)


def _deployments(folder: Path) -> Iterator[Sample]:
    for text in _TABLES:
        for encoding in ("utf-8", "utf-16"):
            yield Sample({"deployments.csv": text.encode(encoding)}, ["deployments.csv"])


def _read_deployments(folder: Path) -> None:
    for utm in (None, "50N"):
        _ours(functools.partial(read_deployments, folder / "deployments.csv", utm=utm))


def _labels(folder: Path) -> Iterator[Sample]:
    for text in (
        'path,label\na.jpg,fox\n"b, c.jpg",\'=1+1\n',
        "\ufeffpath;label;note\r\na.jpg;fox;x\r\nd.jpg;Füchse;\r\n",
    ):
        yield Sample({"labels.csv": text.encode()}, ["labels.csv"])


def _read_labels(folder: Path) -> None:
    labels = Labels(folder / "labels.csv")
    before = dict(labels)
    labels.set("new.jpg", "deer")
    assert dict(Labels(folder / "labels.csv")) == {**before, "new.jpg": "deer"}
    labels.undo()


def _species(folder: Path) -> Iterator[Sample]:
    for text in (
        "path,species\nnorth/1.JPG,fox\nnorth/2.JPG,deer\n",
        "\ufefffile;species\r\n1.JPG;fox\r\n2.JPG;deer\r\n",
    ):
        yield Sample({"species.csv": text.encode()}, ["species.csv"])


def _read_species(folder: Path) -> None:
    photos = tc.SFrame({"path": ["north/1.JPG", "north/2.JPG"], "folder": ["north"] * 2})
    assert len(add_species(photos, str(folder / "species.csv"), progress=False)) == 2


# What Kinframe itself has written


def _store(folder: Path) -> Iterator[Sample]:
    for count in (3, 400):
        with FeatureStore(folder / f"{count}.kinframe") as store:
            store.add("a network", _identities(count), np.random.default_rng(0).random((count, 8)).astype(np.float32))
        yield Sample({"f.kinframe": (folder / f"{count}.kinframe").read_bytes()}, ["f.kinframe"])


def _identities(count: int) -> List[str]:
    return [f"{number:064x}" for number in range(count)]


def _read_store(folder: Path) -> None:
    with FeatureStore(folder / "f.kinframe") as store:
        for read in (
            store.contents,
            store.checked,
            store.files,
            lambda: store.photos("a network"),
            lambda: store.features("a network", _identities(500)),
            lambda: store.add("a network", _identities(2), np.ones((2, 8), np.float32)),
            lambda: store.add("another", _identities(2), np.ones((2, 4), np.float32)),
        ):
            _ours(read)


def _models(folder: Path) -> Iterator[Sample]:
    (folder / "photos").mkdir()
    for seed in range(6):
        picture(seed).save(folder / "photos" / f"{seed}.jpg")
    data, _ = load_photos(folder / "photos", progress=False)
    network = tiny_network(folder / "tiny.onnx")
    for index in ("exact", "hnsw"):
        for kind in ("path", None):
            model = create(data, label=kind, model=network, verbose=False, store=False, index=index)
            place = folder / f"{index} {kind}"
            model.save(place)
            files = {
                f"model/{file.relative_to(place)}": file.read_bytes() for file in place.rglob("*") if file.is_file()
            }
            yield Sample(files, sorted(files))


def _read_model(folder: Path) -> None:
    model = load_model(folder / "model")
    for ask in (
        lambda: model.similarity_graph(k=2, verbose=False),
        lambda: model.search(model.labels[0], k=3),
        lambda: model.photo(model.labels[-1]),
        lambda: model.name_of(model.labels[-1]),
        lambda: list(model.bad),
        lambda: repr(model),
        model.summary,
    ):
        _ours(ask)


def _networks(folder: Path) -> Iterator[Sample]:
    tiny_network(folder / "tiny.onnx")
    yield Sample({"network.onnx": (folder / "tiny.onnx").read_bytes()}, ["network.onnx"])
    config = {
        **{
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": [0.5] * 3,
            "image_std": [0.5] * 3,
        },
        **{"rescale_factor": 1 / 255, "resample": 2, "size": {"height": 24, "width": 24}},
    }
    files = {"network.onnx": _float_network(), "preprocessor_config.json": json.dumps(config, indent=1).encode()}
    yield Sample(files, sorted(files))


def _float_network() -> bytes:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weight = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "weight")
    nodes = [
        helper.make_node("Conv", ["pixel_values", "weight"], ["x"], kernel_shape=[3, 3]),
        helper.make_node("GlobalAveragePool", ["x"], ["y"]),
        helper.make_node("Flatten", ["y"], ["pooler_output"]),
    ]
    given = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, 24, 24])
    made = helper.make_tensor_value_info("pooler_output", TensorProto.FLOAT, ["batch", 4])
    graph = helper.make_graph(nodes, "float", [given], [made], [weight])
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return model.SerializeToString()


def _read_network(folder: Path) -> None:
    photos = tc.SFrame({"image": tc.SArray([image_of(encoded(picture(seed), "JPEG")) for seed in range(2)])})
    model = create(photos, model=folder / "network.onnx", verbose=False, store=False)
    assert model.vectors.shape == (2, model.network.dimension)


def _weights(folder: Path) -> Iterator[Sample]:
    tensors = {"a.weight": np.ones((4, 3), np.float32), "a.bias": np.arange(4), "b": np.zeros((2, 2, 2), np.float32)}
    yield Sample({"weights.pth": torch_zip(tensors)}, ["weights.pth"])


def _read_weights(folder: Path) -> None:
    read_state_dict(folder / "weights.pth")


def _journals(folder: Path) -> Iterator[Sample]:
    moves = [{"from": f"photos/{number}.jpg", "to": f"{number}.jpg", "sha256": "0" * 64} for number in range(3)]
    lines = [json.dumps({**each, "signature": "0" * 64}) for each in moves]
    content = "\n".join([*lines, json.dumps({"back": "1.jpg"}), ""]).encode()
    yield Sample({f"aside/{JOURNAL}": content, "aside/0.jpg": encoded(picture(0), "JPEG")}, [f"aside/{JOURNAL}"])


def _read_journal(folder: Path) -> None:
    undo_move(folder / "aside", ask=lambda question: "yes", progress=False)
    assert (folder / "aside" / "0.jpg").exists(), "it is no photo that was moved"


def _frames(folder: Path) -> Iterator[Sample]:
    frame = tc.SFrame(
        {"a": [1, 2, None], "b": ["x", "y, z", ""], "c": [[1.0], [2.0, 3.0], []], "d": [{"k": 1}, {}, None]}
    )
    frame.export_csv(str(folder / "a.csv"))
    yield Sample({"frame.csv": (folder / "a.csv").read_bytes()}, ["frame.csv"])
    if type(frame).__module__.startswith("helpers"):
        frame.save(str(folder / "saved"))
        files = {f"saved/{file.name}": file.read_bytes() for file in (folder / "saved").iterdir()}
        yield Sample(files, sorted(files))
        frame.export_json(str(folder / "a.json"))
        yield Sample({"frame.json": (folder / "a.json").read_bytes()}, ["frame.json"])


def _read_frame(folder: Path) -> None:
    if (folder / "frame.csv").exists():
        frame = tc.SFrame.read_csv(str(folder / "frame.csv"), verbose=False)
    elif (folder / "frame.json").exists():
        frame = tc.SFrame.read_json(str(folder / "frame.json"))
    else:
        frame = tc.load_sframe(str(folder / "saved"))
    assert len(list(frame)) == len(frame)
    assert io.StringIO(str(frame))


KINDS: Dict[str, Kind] = {
    "photos": Kind(_photos, _read_photos),
    "metadata": Kind(_metadata, _read_photos),
    "xmp": Kind(_xmp, _read_photos),
    "detections": Kind(_detections, _read_detections),
    "deployments": Kind(_deployments, _read_deployments),
    "labels": Kind(_labels, _read_labels),
    "species": Kind(_species, _read_species),
    "stores": Kind(_store, _read_store),
    "models": Kind(_models, _read_model),
    "networks": Kind(_networks, _read_network),
    "weights": Kind(_weights, _read_weights),
    "journals": Kind(_journals, _read_journal),
    "frames": Kind(_frames, _read_frame),
}
