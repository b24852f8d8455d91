"""Changes: each makes one thing about a set-up different in a fresh copy.

To add one, write it into the file of what it changes, or a new one, and name it in a cause's
`changes`. What frameworks have to do for it is one entry in each one's table {part: how}; one
that has none refuses it, with the reason.
"""
