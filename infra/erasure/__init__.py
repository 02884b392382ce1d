"""Erases a tenant's logs, or one log, and certifies it.

`run` has the order of the steps. `table`, `letters` and `lakes` erase in one place each. `certificate` is the result.
"""
