"""How people call what ``results.json`` names by keys."""

from __future__ import annotations

#: Metrics, by their keys, in the order in which they are shown.
METRIC_NAMES = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "psds1_free": "PSDS1, threshold-free",
    "psds2_free": "PSDS2, threshold-free",
    "event_f1": "event F1",
    "segment_f1": "segment F1",
    "intersection_f1": "intersection F1",
    "clip_f1": "clip F1",
    "clip_ap": "clip average precision",
    "weak_f1": "weak clips, clip F1",
}

#: The same in two short lines, for narrow columns.
SHORT_NAMES = {
    "psds1": ("", "PSDS1"),
    "psds2": ("", "PSDS2"),
    "psds1_free": ("PSDS1", "free"),
    "psds2_free": ("PSDS2", "free"),
    "event_f1": ("event", "F1"),
    "segment_f1": ("segment", "F1"),
    "intersection_f1": ("inters.", "F1"),
    "clip_f1": ("clip", "F1"),
    "clip_ap": ("clip", "AP"),
    "weak_f1": ("weak", "F1"),
}

#: Rows of a table of averages.
SCORE_NAMES = {
    key: title
    for name, metric in METRIC_NAMES.items()
    for key, title in (
        (name, metric),
        (f"{name}_macro", f"{metric}, macro"),
        (f"{name}_micro", f"{metric}, micro"),
    )
}
# The macro mean of average precisions has a name of its own.
SCORE_NAMES["clip_ap_macro"] = "clip AP, macro (mAP)"
SCORE_NAMES["clip_ap_micro"] = "clip AP, micro"


def shown_label(label: str) -> str:
    """A class as a figure writes it.

    Arguments
    ---------
    label : str
        As the annotations write it.

    Returns
    -------
    str

    Example
    -------
    >>> shown_label("Alarm_bell_ringing")
    'Alarm bell ringing'
    """
    return label.replace("_", " ")
