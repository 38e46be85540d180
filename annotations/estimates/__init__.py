"""Figures about production: rates weighted by how likely each item was chosen, with intervals."""
