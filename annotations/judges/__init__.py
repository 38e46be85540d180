"""Judges described by the labels of people: errors, agreement, and what their verdicts are worth."""
