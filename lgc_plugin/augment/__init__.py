"""Augmentations that carry the labels along, one per file."""
