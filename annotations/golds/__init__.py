"""Golds: known answers asked again, how right people are on them, and what follows from that."""
