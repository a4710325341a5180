from .autoencoder.figures import show_losses, show_reconstructions, show_rows
from .autoencoder.model import Autoencoder
from .autoencoder.training import train_autoencoder
from .load import LoadedModel, load_network
from .table import MODELS, Network, WeightsFile

__all__ = [
    "MODELS",
    "Autoencoder",
    "LoadedModel",
    "Network",
    "WeightsFile",
    "load_network",
    "show_losses",
    "show_reconstructions",
    "show_rows",
    "train_autoencoder",
]
