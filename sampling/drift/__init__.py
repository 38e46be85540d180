"""Has the traffic changed: two windows of days compared by a sample of all items of each."""
