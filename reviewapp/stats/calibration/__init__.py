"""From a judge's score to a probability, and how far from one the score is."""
