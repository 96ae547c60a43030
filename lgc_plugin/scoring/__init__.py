"""Scores of any system's output: read, checked, counted, compared, tuned."""
