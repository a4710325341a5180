"""Labels that photos have already: which of them the model did not expect, and confirming or changing them."""
