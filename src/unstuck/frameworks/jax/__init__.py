"""Bare JAX: a function and its parameters."""
