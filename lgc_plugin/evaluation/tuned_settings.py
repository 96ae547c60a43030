"""Settings of post-processing that were chosen on some clips."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short
from typing import Any

from ruamel.yaml import YAML

from lgc_plugin.evaluation.postprocess.class_settings import CLASS_SETTINGS
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.utils.files import write_text
from lgc_plugin.utils.text import one_line, read_text, shortened
from lgc_plugin.utils.yaml_files import parse_yaml

_SETTINGS = ("median_windows", *CLASS_SETTINGS)
# What a file must have; other settings have their defaults where missing.
_REQUIRED = ("median_windows", "decision_threshold", "tuned_on")
_KEYS = (*_SETTINGS, "tuned_on")
_TUNED_ON: dict[str, tuple[type | tuple[type, ...], str]] = {
    "metric": (str, "a name"),
    "frame_seconds": ((int, float), "a number of seconds"),
    "ground_truth": (str, "a name"),
    "clips": (list, "a list of names"),
}
# Windows count frames: those of 64 ms do for frames of 10 s / 156.
_SAME_FRAMES = 0.01


@dataclass(frozen=True)
class TunedSettings:
    """What was chosen, by which metric, and on which clips.

    The file of :meth:`write` is also one of overrides for the recipe.

    Arguments
    ---------
    post_processing : PostProcessing
        The choice, with median windows by class. Its ``thresholds`` are those
        of PSDS, which are not tuned.
    frame_seconds : float
        How long the frames are that the windows count.
    metric : str
        What was maximized.
    tuned_on : tuple[str, ...]
        The clips; scores on them are too good.
    ground_truth : str
        Name of their annotation.

    Raises
    ------
    ValueError
        If a setting cannot be right, the classes of two differ, or there is
        no clip.

    Example
    -------
    >>> chosen = PostProcessing({"Cat": 7}, decision_threshold=0.4)
    >>> settings = TunedSettings(
    ...     chosen, 0.064, "psds1", ("a.wav",), "validation.tsv"
    ... )
    >>> file = getfixture("tmp_path") / "tuned.yaml"
    >>> settings.write(file)
    >>> TunedSettings.read(file) == settings
    True
    """

    post_processing: PostProcessing
    frame_seconds: float
    metric: str
    tuned_on: tuple[str, ...]
    ground_truth: str

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("median_windows name no class")
        self.post_processing.for_labels(self.labels)
        if not 0 < self.frame_seconds < math.inf:
            raise ValueError(
                f"frame_seconds is {self.frame_seconds}: must be above 0"
            )
        if not self.tuned_on:
            raise ValueError("clips are missing: nothing was tuned on")

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in order."""
        windows = self.post_processing.median_windows
        if not isinstance(windows, Mapping):
            raise ValueError("median_windows must be given by class")
        return tuple(windows)

    def for_labels(self, labels: Sequence[str]) -> PostProcessing:
        """The settings of some of the classes, as decoding takes them."""
        unknown = [label for label in labels if label not in self.labels]
        if unknown:
            raise ValueError(
                f"nothing was tuned for {', '.join(unknown)}: the tuned "
                f"classes are {', '.join(self.labels)}"
            )
        return self.post_processing.select(labels)

    def refuse(self, clips: Iterable[str], what: str) -> None:
        """Refuses to score clips that the settings were chosen on."""
        refuse_shared(self.tuned_on, clips, what)

    def check_frames(self, seconds: float) -> None:
        """Refuses frames of another length than those tuned on."""
        if not math.isclose(seconds, self.frame_seconds, rel_tol=_SAME_FRAMES):
            raise ValueError(
                f"the median windows were tuned on frames of "
                f"{self.frame_seconds:g} s, these are {seconds:g} s long: "
                "tune on scores of the same frames"
            )

    def write(self, path: str | Path, command: str = "lgc-sed tune") -> None:
        """Writes the YAML file, whole or not at all."""
        content = {
            # All of them, so that a recipe's own take no part.
            **_values(self.post_processing),
            "tuned_on": {
                "metric": self.metric,
                "frame_seconds": self.frame_seconds,
                "ground_truth": self.ground_truth,
                "clips": list(self.tuned_on),
            },
        }
        # Not "safe", which sorts keys: the clips are to come last.
        yaml, stream = YAML(), io.StringIO()
        yaml.width = 4096
        yaml.dump(content, stream)
        header = (
            f"Made by: {command}",
            f"Chosen class by class for the best {self.metric} on "
            f"{len(self.tuned_on)} clips of {self.ground_truth}.",
            "The clips are listed so that nobody reports scores on them: "
            "what was chosen",
            "there is too good there. Windows are in frames of "
            f"{self.frame_seconds:g} s.",
        )
        comment = "".join(f"# {one_line(line)}\n" for line in header)
        write_text(path, comment + stream.getvalue())

    @classmethod
    def read(cls, path: str | Path) -> TunedSettings:
        """Reads what :meth:`write` wrote."""
        try:
            return cls._of(parse_yaml(read_text(path), "YAML"))
        except ValueError as error:
            reason = shortened(one_line(error), 400)
            raise ValueError(
                f"{path}: no tuned settings, as lgc-sed tune writes them: "
                f"{reason}"
            ) from error

    @classmethod
    def from_overrides(cls, overrides: Mapping[str, Any]) -> TunedSettings:
        """The settings among the keys of a recipe."""
        missing = [key for key in _REQUIRED if key not in overrides]
        if missing:
            raise ValueError(f"{', '.join(missing)} missing")
        origin = overrides["tuned_on"]
        _check_mapping("median_windows", overrides["median_windows"])
        _check_mapping("tuned_on", origin)
        for key, (kind, what) in _TUNED_ON.items():
            if not isinstance(origin.get(key), kind):
                raise ValueError(
                    f"{key} of tuned_on is {short(origin.get(key))}: must be "
                    f"{what}"
                )
        for clip in origin["clips"]:
            if not isinstance(clip, (str, int, float)):
                raise ValueError(
                    f"clips of tuned_on have {short(clip)}: must be names"
                )
        for label in overrides["median_windows"]:
            if not isinstance(label, str):
                raise ValueError(f"label {label} must be text: quote it")
        unknown = [key for key in origin if key not in _TUNED_ON]
        if unknown:
            raise ValueError(f"tuned_on has an unknown key {unknown[0]!r}")
        chosen: dict[str, Any] = {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in overrides.items()
            if name in _SETTINGS
        }
        return cls(
            PostProcessing(**chosen),
            float(origin["frame_seconds"]),
            origin["metric"],
            tuple(map(str, origin["clips"])),
            origin["ground_truth"],
        )

    @classmethod
    def _of(cls, content: Any) -> TunedSettings:
        _check_mapping("the file", content)
        unknown = [key for key in content if key not in _KEYS]
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}")
        return cls.from_overrides(content)


def _values(post_processing: PostProcessing) -> dict[str, Any]:
    """What a file holds of the settings, by name."""
    values = {name: getattr(post_processing, name) for name in _SETTINGS}
    return {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
    }


def _check_mapping(name: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must hold lines of 'key: value'")


def refuse_shared(
    tuned_on: Iterable[str], clips: Iterable[str], what: str
) -> None:
    """Refuses to score clips that settings are chosen on."""
    asked = set(clips)
    shared = asked.intersection(tuned_on)
    if shared:
        raise ValueError(
            f"{len(shared)} of the {len(asked)} clips of {what} are tuned on, "
            f"such as {min(shared)!r}: windows and thresholds are chosen to "
            "make the score on them large, so that it says too much. Tune on "
            "other clips, or score others"
        )
