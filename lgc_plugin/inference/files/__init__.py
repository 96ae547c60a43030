"""Which recordings are heard, and how their events are written."""
