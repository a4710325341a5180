"""The checks of the notebooks' exercises: right, or wrong and why, without the answer.

A function for each notebook takes what the notebook has made and gives its checks, one for each exercise. What is right
is computed from the photos that are there, so that the checks are as good on other photos as on the samples.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
