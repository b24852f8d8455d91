"""Reports: terminal, Markdown and JSON, all drawn from the same record."""
