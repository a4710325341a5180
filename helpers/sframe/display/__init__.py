"""Frames as a person sees them."""
