"""Every formula of the product: pure functions over plain arrays, no Django, no I/O.

Each returns an estimate, or the reason why there is none. `docs/statistics.md` explains them.
"""
