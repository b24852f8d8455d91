"""Trials: a set-up trained anew from a seed, with something changed, and judged on held-out data.

`data` is what a trial trains on, `settings` what its framework changes, `trainer` the protocol
that every framework's trainer obeys, `yardstick` the metric it is judged by.
"""
