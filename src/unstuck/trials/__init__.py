"""Trials: a set-up trained from a seed, one record each.

`design` says what a study consists of, `executor` who does jobs (`processes` and `ray` are two),
`pack_training` what is done to a pack, `runner` what is run at all; `store`, `stored` and `claims`
keep what came of it.
"""
