"""Error analysis and slices."""
