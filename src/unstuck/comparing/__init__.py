"""Two scripts, one of which learns: which of their differences makes it."""
