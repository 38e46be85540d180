"""Evidence that may be looked at every day: e-values, confidence sequences and the sequential test."""
