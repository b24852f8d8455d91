"""Studies: arms × paired seeds → trials that are stored as they end and never run twice.

Import from the modules themselves: `design` (what is to be run), `store` (what has been),
`executor` (who runs it), `runner` (the three together), `statistics` and `verdict` (what
follows).
"""
