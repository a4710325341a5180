"""Camtrap DP packages: written, and checked."""
