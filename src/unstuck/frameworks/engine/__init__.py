"""Set-ups of our own engine."""
