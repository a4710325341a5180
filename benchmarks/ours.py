"""What is measured of Kinframe itself. Runs in either environment, in a process of its own."""

import dataclasses
import os
import statistics
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from benchmarks.child import peak_memory

K = 10


def make_resnet(weights: str, network: str) -> Dict[str, Any]:
    """A ResNet-50 of random weights: for Turi Create as an .npz named as in Keras, for us as an ONNX file."""
    import numpy as np
    import onnx

    from tests.support.networks import keras_resnet50, random_resnet50

    if Path(weights).exists() and Path(network).exists():
        return {"made": 0}
    values = random_resnet50()
    values["conv1_conv/kernel"] = values["conv1_conv/kernel"] / np.float32(64)  # it gets 0 to 255, not about 1
    Path(network).parent.mkdir(parents=True, exist_ok=True)
    np.savez(weights, **values)
    onnx.save(keras_resnet50(values), network)
    return {"made": 1}


def prepare(network: str) -> Dict[str, Any]:
    """Have the network on disk as it is run, which is done once on a machine."""
    from helpers.networks.load import load_network

    return {"network": load_network(network, progress=False).name}


def create(
    folder: str,
    network: str,
    precision: str = "fp32",
    store: Optional[str] = None,
    neighbours: bool = False,
    save: Optional[str] = None,
    new_store: bool = False,
) -> Dict[str, Any]:
    """Folder to model, with the features kept in `store` or nowhere. Importing what a notebook imports is not counted.

    With `new_store` the store is empty at first; how its photos agreed with a precision is remembered all the same.

    Then, not counted either: the neighbours of each photo; the model saved.
    """
    from helpers import tc
    from helpers.photos.load import load_photos
    from helpers.similarity.evaluation.by_labels import precision_at

    create = tc.image_similarity.create
    if store is not None and new_store and Path(store).exists():
        Path(store).unlink()
    start, worked = time.perf_counter(), time.process_time()
    data, _ = load_photos(folder, progress=False)
    model = create(data, model=network, precision=precision, store=store or False, verbose=False)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    answer = {"seconds": seconds, "photos": model.num_examples, "peak": peak_memory(), "precision": model.precision}
    answer["busy"] = worked / seconds  # cores
    answer["note"] = model.opened().note
    answer["prepare"] = model.timings["prepare"]  # of these seconds, for the network, however many photos there are
    if neighbours:
        found: Dict[str, List[str]] = {name: [] for name in model.names}
        for edge in model.similarity_graph(k=K, verbose=False):
            found[model.name_of(edge["query_label"])].append(model.name_of(edge["reference_label"]))
        answer.update(neighbours=found, precision_at_10=precision_at(model, K))
    if save is not None:
        model.save(save)
    return answer


def first_time(folder: str, network: str, precision: str, store: str) -> Dict[str, Any]:
    """Folder to model where nothing is known yet: no store has its photos, and no precision was tried."""
    import shutil

    from helpers.files.cache import cache_folder

    for known in ("precision", "features"):  # the features in other folders' files would be copied
        shutil.rmtree(str(cache_folder() / known), ignore_errors=True)
    return create(folder, network, precision, store, new_store=True)


def speed(folder: str, network: str, place: str) -> Dict[str, Any]:
    """Photos per second of folder to features, with random weights of the real size, made in the folder `place`."""
    from helpers import tc
    from helpers.networks.load import MODELS
    from helpers.photos.load import load_photos
    from helpers.similarity.evaluation.methods import speed_of

    if network in MODELS and not MODELS[network].weights.package:
        _lay_down(network, Path(place))
    data, _ = load_photos(folder, progress=False)
    data = data[:: max(1, len(data) // 64)]
    model = tc.image_similarity.create(data, model=network, precision="fp32", store=False, verbose=False)
    file = model.network.path
    return {
        "rate": max(speed_of(model) for _ in range(3)),
        "photos": model.num_examples,
        "dimension": model.network.dimension,
        "megabytes": file.stat().st_size / 1e6 if file.name else 0.0,
    }


def _lay_down(network: str, place: Path) -> None:
    """Have a file of random weights in the place of the real one, in this process."""
    from helpers.files import stamps
    from helpers.files.replacing import replacing
    from helpers.networks.load import MODELS
    from tests.support import networks
    from tests.support.hub_networks import random_efficientnet_b0
    from tests.support.torch_files import torch_zip
    from tests.support.torchvision_weights import random_resnet_50, random_vgg19

    make = {
        "resnet-50": lambda: networks.zoo_resnet50(networks.random_resnet50()).SerializeToString(),
        "squeezenet_v1.1": lambda: networks.zoo_squeezenet().SerializeToString(),
        "vgg16": lambda: networks.zoo_vgg(16, thin=1).SerializeToString(),
        "vgg19": lambda: networks.zoo_vgg(19, thin=1).SerializeToString(),
        "mobilenet_v2": lambda: networks.zoo_mobilenet_v2().SerializeToString(),
        "efficientnet_b0": lambda: torch_zip(random_efficientnet_b0()),
        "resnet-50-torchvision": lambda: torch_zip(random_resnet_50()),
        "vgg19-torchvision": lambda: torch_zip(random_vgg19(thin=1)),
    }
    entry = MODELS[network]
    path = place / entry.weights.file
    if not path.exists():
        with replacing(path) as half:
            half.write_bytes(make[network]())
    os.environ["KINFRAME_MIRROR"] = str(place)
    file = dataclasses.replace(entry.weights, size=path.stat().st_size, sha256=stamps.sha256(path))
    MODELS[network] = dataclasses.replace(entry, weights=file)


def share(folder: str, network: str, precision: str, photos: int = 64, rounds: int = 3) -> Dict[str, Any]:
    """Photos per second from files, from decoded photos, and of the bare network, by turns; and their processor time.

    The bare network is compiled by itself, for as many photos at once as its engine finds best, and computes the same
    noise again and again: nothing is read, decoded, handed over or collected. Opening networks is not counted.
    """
    import numpy as np

    from helpers.features.embedding import embed
    from helpers.images.decode import open_photo
    from helpers.networks.load import load_network
    from helpers.photos.load import load_photos

    data, _ = load_photos(folder, progress=False)
    files = list(data["file"])
    settled = embed(files, load_network(network, progress=False), precision=precision, progress=False).settled
    answer = {"photos": photos, "agreement": settled.agreement, "precision": settled.precision, "note": settled.note}
    if settled.precision != precision:
        return answer
    files = files[:: max(1, len(files) // photos)][:photos]
    pixels = [np.asarray(open_photo(file, size=settled.loaded.size)) for file in files]
    session, bare = settled.session, _bare(str(settled.loaded.path), settled.loaded.size, precision)
    ways: Dict[str, Callable[[], Any]] = {
        "files": lambda: embed(files, settled, progress=False),
        "decoded": lambda: session.run(pixels),
        "bare": lambda: bare(len(pixels)),
    }
    spent: Dict[str, List[Tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter(), time.process_time()
            way()
            if turn:  # the first is to warm up
                spent[name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
    for name, times in spent.items():
        answer[name] = len(pixels) / statistics.median(wall for wall, _ in times)
        answer[f"{name} processor"] = statistics.median(processor for _, processor in times) / len(pixels)
    return {**answer, "photos": len(pixels)}


def _bare(path: str, size: Tuple[int, int], precision: str) -> Callable[[int], None]:
    """The network of a file, run on so many photos of noise."""
    import numpy as np

    from helpers.networks import runtime
    from helpers.networks.onnx.onnx_runtime import import_onnxruntime

    noise = np.random.default_rng(0).integers(0, 256, (1, *size[::-1], 3), np.uint8)
    if not runtime.has_openvino():
        session = import_onnxruntime().InferenceSession(path, providers=["CPUExecutionProvider"])
        given = {session.get_inputs()[0].name: noise}

        def run_one_by_one(count: int) -> None:
            for _ in range(count):
                session.run(None, given)

        return run_one_by_one
    openvino = runtime.import_openvino()
    model = openvino.Core().read_model(path)
    model.reshape(list(noise.shape))
    hints = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32"}
    queue = openvino.AsyncInferQueue(openvino.Core().compile_model(model, "CPU", hints))
    for request in queue:
        request.get_input_tensor().data[:] = noise

    def run(count: int) -> None:
        for _ in range(count):
            queue.start_async()
        queue.wait_all()

    return run


def query(
    folder: str, network: Optional[str] = None, saved: Optional[str] = None, queries: int = 200
) -> Dict[str, Any]:
    """Milliseconds of one query with a photo of the collection, the median of many; of a saved model or a new one."""
    from helpers import tc
    from helpers.photos.load import load_photos

    data, _ = load_photos(folder, progress=False)
    if saved is not None:
        model = tc.load_model(saved)
    else:
        model = tc.image_similarity.create(data, model=network, precision="fp32", store=False, verbose=False)
    taken = []
    for number in range(queries + 5):
        row = number * 7919 % len(data)  # here and there in the collection
        photo = data[row : row + 1]
        start = time.perf_counter()
        found = model.query(photo, k=K, verbose=False)
        assert found["reference_label"][0] == row or found["distance"][0] == 0
        taken.append(time.perf_counter() - start)
    return {"milliseconds": 1000 * statistics.median(taken[5:]), "photos": model.num_examples, "frames": tc.ENVIRONMENT}
