"""Scores of detected events: one module per family of metrics.

Whatever a metric is, it leaves counts of every clip (:mod:`.clip_counts`), from
which come its :class:`.score.Score`, with :mod:`.bootstrap` its intervals, and
the difference of two systems. :mod:`.scoring` is the way from frame scores or
events to all of them.
"""
