"""The JAX trainer: networks, losses with their numerics, optimizers, the stacked loop."""
