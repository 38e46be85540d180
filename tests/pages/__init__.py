"""The pages as they are rendered."""
