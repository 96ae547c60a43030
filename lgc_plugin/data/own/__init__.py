"""Data sets from recordings and annotations of one's own."""
