from .client.client import Client
from .local import serve_here

__all__ = [
    "Client",
    "serve_here",
]
