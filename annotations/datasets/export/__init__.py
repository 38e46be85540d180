"""Exports: one canonical record in everybody's format."""
