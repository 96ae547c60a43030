"""From frame scores to events: filters, thresholds, bounding boxes, rules."""
