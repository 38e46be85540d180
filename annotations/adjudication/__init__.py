"""Adjudication: the answer of record where labels do not settle it."""
