"""SArray, a column."""
