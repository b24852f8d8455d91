"""Measured quantities of a network on a batch: plain functions of arrays, one quantity a file.

Each takes NumPy arrays, whichever framework they came from, and returns numbers. No thresholds
of judgement live here, only those in a quantity's own definition.
"""
