"""A network that learns from your own photos alone."""
