"""How a user wants predictions to become events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.median_filter import resolve_median_windows
from lgc_plugin.evaluation.truth_files import Annotations
from lgc_plugin.evaluation.tuned_settings import TunedSettings


@dataclass(frozen=True)
class OperatingOptions:
    """How a user wants predictions to become events.

    Arguments
    ---------
    threshold : float, optional
        Where F1 scores are taken; None means 0.5, or what ``settings`` say.
    median_windows : int or Sequence[int] or Mapping[str, int], optional
        Frames; for frame scores only. None filters nothing, or does what
        ``settings`` say.
    settings : str or Path, optional
        YAML file of ``lgc-sed tune``; for frame scores only.
    """

    threshold: float | None = None
    median_windows: int | Sequence[int] | Mapping[str, int] | None = None
    settings: str | Path | None = None


def windows_by_class(
    options: OperatingOptions, labels: Sequence[str], others: Sequence[str]
) -> OperatingOptions:
    """Options whose median windows, if there are several, have names.

    Arguments
    ---------
    options : OperatingOptions
        What the user wants.
    labels : Sequence[str]
        Classes of the system, which its windows are meant for: the truth may
        have fewer, or others.
    others : Sequence[str]
        Classes of the truth, which may be named as well.

    Returns
    -------
    OperatingOptions

    Raises
    ------
    ValueError
        If the windows do not fit the classes.
    """
    windows = options.median_windows
    if windows is None or isinstance(windows, int):
        return options
    if isinstance(windows, Mapping):
        windows = {
            name: window
            for name, window in windows.items()
            if name in labels or name not in others
        }
    each = resolve_median_windows(windows, labels)
    named = dict(zip(labels, each, strict=True))
    return replace(options, median_windows=named)


def settings_of(
    frames: FrameScores, annotations: Annotations, options: OperatingOptions
) -> TunedSettings | None:
    """The tuned settings, if they may be used here.

    Arguments
    ---------
    frames : FrameScores
        As they were read.
    annotations : Annotations
        What is to be scored.
    options : OperatingOptions
        What the user wants.

    Returns
    -------
    TunedSettings or None
        None if the user has none.

    Raises
    ------
    ValueError
        If they were tuned on these clips or on other frames, or the options
        tell thresholds or windows as well.
    """
    if options.settings is None:
        return None
    if options.threshold is not None or options.median_windows is not None:
        raise ValueError(
            f"{options.settings} has windows and thresholds: leave out "
            "--threshold and --median-windows"
        )
    settings = TunedSettings.read(options.settings)
    settings.refuse(annotations.truth.clips, str(annotations.path))
    settings.check_frames(frames.frame_seconds)
    return settings
