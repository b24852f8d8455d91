"""Guards: what unstuck can tell, put where people train: in tests, and in training itself."""
