"""Metrics of student and teacher on clips of which only the tags are known."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.evaluation.clip_tags import APCounts, clip_counts
from lgc_plugin.evaluation.ground_truth import truth_of_rows
from lgc_plugin.evaluation.metrics import TAG_METRICS, score_counts
from lgc_plugin.evaluation.network_metrics import EvaluationMetrics
from lgc_plugin.evaluation.score import ClipCounts, SEDResult


class ClipMetrics(EvaluationMetrics):
    """Scores of whole clips alone; ``**options`` as for its base class.

    >>> metrics = ClipMetrics(EventEncoder(["Cat"]))
    >>> metrics.summarize()
    {}
    """

    def __init__(self, encoder: EventEncoder, **options: Any) -> None:
        super().__init__(encoder, truth_of_rows((), encoder.labels), **options)

    def summarize(
        self, metrics: Collection[str] | None = None, **options: int
    ) -> dict[str, SEDResult]:
        """``clip_f1`` at the decision threshold, and ``clip_ap``.

        None of any network if no clip was appended.
        """
        _, by_network, truth = self.collected()
        tags = np.concatenate(truth) if truth else np.empty((0, 0))
        if not len(tags):
            return {}
        results = {}
        for network, parts in by_network.items():
            scores = np.concatenate(parts)
            decoding = self.frames[network].post_processing
            limits = decoding.class_thresholds(self.labels)
            every = np.ones(len(tags), dtype=bool)
            counts: dict[str, ClipCounts] = {
                "clip_f1": clip_counts(
                    scores, tags, self.labels, threshold=limits
                ),
                "clip_ap": APCounts(self.labels, scores, tags == 1, every),
            }
            wanted = TAG_METRICS if metrics is None else metrics
            results[network] = SEDResult(
                score_counts(
                    {k: v for k, v in counts.items() if k in wanted},
                    len(tags),
                    **options,
                ),
                len(tags),
                len(tags),
                options.get("resamples", 0),
            )
        return results
