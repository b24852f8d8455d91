"""Cures: one record of what is to be done, and what is printed and built from it."""
