"""What comes in beside items: labels, verdicts and decisions made elsewhere."""
