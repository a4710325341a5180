"""The clocks of cameras: where they are wrong, and putting them right."""
