"""Masking: personal data and secrets become typed placeholders before anything is stored (`docs/masking.md`).

Clean text is told from the rest by one pass of one pattern (`prefilter`); only what it points at is looked at closely.
"""
