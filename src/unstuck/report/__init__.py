"""Reports: terminal, page, Markdown and JSON, all drawn from the same record."""
