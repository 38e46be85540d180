"""How far reviewers agree, and how much of it chance alone would give."""
