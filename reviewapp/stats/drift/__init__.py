"""Has the traffic changed: an effect large enough to matter and evidence that it is no accident."""
