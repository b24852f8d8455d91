"""A cure put into the user's script, as text and as a diff."""
