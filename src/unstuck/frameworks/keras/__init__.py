"""Keras 3 on its three backends."""
