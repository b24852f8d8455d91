"""The user's own code: found, run, and what it gives handed on."""
