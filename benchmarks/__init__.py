"""`make bench`: how fast Kinframe is, and how fast others are at the same work on the same machine.

Each figure is measured in a process of its own; `python -m benchmarks --help` lists the sections.
"""
