"""What Kinframe is measured against; each module runs in a Python that has the package of its name."""
