"""Measurements, by `make bench`; never a timed assertion in the test suite."""
