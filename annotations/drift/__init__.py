"""Has what judges and people say of the traffic changed."""
