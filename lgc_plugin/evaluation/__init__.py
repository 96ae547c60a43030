"""Scores of detected events: ground truth, post-processing, metrics, tuning.

Every metric leaves counts of each clip (:class:`.score.ClipCounts`), from which
come its :class:`.score.Score`, its intervals (:mod:`.bootstrap`) and the
difference of two systems. :mod:`.metrics` has all metrics by name.
"""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "Annotations": "ground_truth_files",
        "Criteria": "criteria",
        "EvaluationMetrics": "network_metrics",
        "FrameScores": "frame_scores",
        "GroundTruth": "ground_truth",
        "OperatingOptions": "operating_options",
        "PSDS1": "psds",
        "PSDS2": "psds",
        "PostProcessing": "postprocess.post_processing",
        "SEDMetrics": "sed_metrics",
        "SEDResult": "score",
        "Score": "score",
        "TunedSettings": "tuned_settings",
        "clip_f1": "clip_tags",
        "compare_systems": "evaluation",
        "decode_frames": "postprocess.post_processing",
        "evaluate": "evaluation",
        "event_f1": "f1",
        "frame_error_rate": "frame_errors",
        "intersection_f1": "f1",
        "median_filter_scores": "postprocess.median_filter",
        "psds_score": "psds",
        "read_annotations": "ground_truth_files",
        "read_frame_scores": "score_files",
        "read_predictions": "predictions",
        "segment_f1": "f1",
        "tune": "tuning",
        "write_score_tsvs": "score_files",
    },
)
