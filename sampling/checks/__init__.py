"""Deterministic checks: questions about an item that a program answers, the same way every time."""
