"""What happened, who did it and when: rows that nobody can change."""
