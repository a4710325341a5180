"""Networks: a table of them, their weights, their precision, and autoencoders trained on one's own photos.

The names that people use are handed on from here; each is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
