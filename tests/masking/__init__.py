"""Masking: what is found, what becomes of it, and what is kept."""
