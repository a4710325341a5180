"""A season handed on: sightings as tables and copies, and packages in the standards of other programs."""
