"""Kinframe: find a photo's kin in a folder of photos, inside a notebook."""

__version__ = "0.1.0"
