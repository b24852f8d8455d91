"""The engine held step for step against the frameworks it says it equals.

`table` says what is compared, in both vocabularies, and needs NumPy alone. `keras_reference` and
`torch_reference` run the real frameworks over it, each in a process of its own (Keras fixes its
backend on import, and float64 is a switch of the process); `ours` runs the engine. The tests
compare the two and state how close is close enough in `tolerances`.
"""
