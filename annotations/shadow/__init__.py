"""Shadow mode: the AI's decisions beside those of people, while people still decide."""
