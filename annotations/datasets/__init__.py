"""Datasets: a recipe chooses items with their answers of record; a version freezes them for good."""
