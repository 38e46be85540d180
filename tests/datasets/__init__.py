"""Datasets: frozen, exported, compared, erased."""
