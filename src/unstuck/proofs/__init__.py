"""Proofs: every suspect put to paired trials on the user's own model and data.

`bench` trains and judges, `prove` decides what is trained next, `state` and
`studies.sequential` what follows, `proof` is the record of it all.
"""
