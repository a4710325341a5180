"""A package, so that the browser, whose scope it is, ends with these tests."""
