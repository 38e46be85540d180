"""The true pass rate of production traffic, from a judge on all of it and people on a sample.

`post_stratified` is the default; the others are shown beside it, or used where its assumptions fail.
"""
