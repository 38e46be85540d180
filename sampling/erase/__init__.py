"""Erasing a person: what their items say goes, that there was an item stays."""
