"""Losses: tensors in, one scalar out; one per file."""
