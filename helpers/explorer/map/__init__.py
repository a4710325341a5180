"""The map widget."""
