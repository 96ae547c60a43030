"""Scores of detected events: one module per family of metrics.

Whatever a metric is, it leaves counts of every clip (:mod:`.clip_counts`), from
which come its :class:`.score.Score`, with :mod:`.bootstrap` its intervals, and
the difference of two systems. :mod:`.scoring` is the way from frame scores or
events to all of them.
"""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "FrameScores": "frame_scores",
        "PostProcessing": "decoding",
        "GroundTruth": "truth",
        "SEDMetrics": "sed",
        "SEDResult": "result",
        "Score": "score",
        "decode_frames": "postprocess",
        "median_filter_scores": "median_filter",
        "PSDS1": "psds",
        "PSDS2": "psds",
        "compare_systems": "compare",
        "tune": "tuning",
        "read_annotations": "truth_files",
        "read_predictions": "predictions",
        "OperatingOptions": "operating_options",
    },
)
