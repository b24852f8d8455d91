"""What a coding assistant calls: the tools of `unstuck mcp`."""
