"""PyTorch, with Lightning, skorch and Hugging Face."""
