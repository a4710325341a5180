"""Detectors: what they found in a season's photos."""
