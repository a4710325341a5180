from .autoencoder.figures import show_losses, show_reconstructions, show_rows
from .autoencoder.model import Autoencoder
from .autoencoder.training import train_autoencoder
from .classifier import Classifier, classifier_of
from .load import LoadedModel, load_network
from .table import MODELS, Network, WeightsFile
from .words import class_names, find_words, word_groups

__all__ = [
    "MODELS",
    "Autoencoder",
    "Classifier",
    "LoadedModel",
    "Network",
    "WeightsFile",
    "class_names",
    "classifier_of",
    "find_words",
    "load_network",
    "show_losses",
    "show_reconstructions",
    "show_rows",
    "train_autoencoder",
    "word_groups",
]
