"""When and where, as figures and numbers."""
