"""The other side: a client for notebooks and programs."""
