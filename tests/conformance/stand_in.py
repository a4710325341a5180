"""The stand-in's names in one module, as Turi Create has them."""

from helpers.photos import image_analysis
from helpers.sframe import Image, SArray, SFrame, aggregate, load_sframe

__all__ = ["Image", "SArray", "SFrame", "aggregate", "image_analysis", "load_sframe"]
