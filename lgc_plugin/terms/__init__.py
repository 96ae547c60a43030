"""Consistency terms that a student can learn from, one per file."""
