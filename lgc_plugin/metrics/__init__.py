"""Scores of detected events: one module per family of metrics.

Every function takes detections and one :class:`.truth.GroundTruth`, and
returns a :class:`.score.Score` (or a :class:`.psds.PSDSScore`).
"""
