"""Who and what gets in."""
