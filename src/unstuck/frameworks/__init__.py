"""One folder a framework; `known` says which there are, `recognize` picks a model's."""
