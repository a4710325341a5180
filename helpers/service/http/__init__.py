"""Routes and answers."""
