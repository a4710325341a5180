"""A season of field-camera photos."""
