"""Frames to and from disk."""
