"""Which recordings are read, and how their events are written."""
