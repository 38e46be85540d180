"""Evaluations: a system version run over a dataset version, scored, compared with a baseline, and gated."""
