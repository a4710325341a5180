"""Copies: the same bytes, the same picture, and what to do with them."""
