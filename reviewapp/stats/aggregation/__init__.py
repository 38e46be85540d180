"""One label from several."""
