"""How good the neighbours are."""
