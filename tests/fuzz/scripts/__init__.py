"""Training scripts of at most 30 lines, that Python runs without an error."""
