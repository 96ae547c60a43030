"""Frame scores and truth of a set of clips."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.score_files import read_frame_scores
from lgc_plugin.evaluation.truth import GroundTruth
from lgc_plugin.evaluation.truth_files import read_truth


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """What a system says of some clips, and what sounds in them.

    Arguments
    ---------
    name : str
        Name of the annotation.
    frames : FrameScores
        Of annotated clips.
    truth : GroundTruth
        With the classes of the scores.
    """

    name: str
    frames: FrameScores
    truth: GroundTruth

    @classmethod
    def read(
        cls,
        scores: str | Path,
        ground_truth: str | Path,
        durations: str | Path | None = None,
        audio: str | Path | None = None,
        profile: str = "strict",
        notes: Notes | None = None,
    ) -> ScoredSet:
        r"""Reads a set from files.

        Arguments
        ---------
        scores : str or Path
            See :func:`~lgc_plugin.evaluation.score_files.read_frame_scores`.
        ground_truth, durations, audio, profile
            See :func:`~lgc_plugin.evaluation.truth_files.read_truth`.
        notes : Notes, optional
            Gets a warning for clips of which scores or annotations are
            missing, and for classes without scores: their events are left
            out.

        Returns
        -------
        ScoredSet

        Raises
        ------
        ValueError
            If a file cannot be right, or the files have no clip in common.

        Example
        -------
        >>> folder = getfixture("tmp_path")
        >>> _ = (folder / "a.tsv").write_text("onset\toffset\tCat\n0\t2\t0.9\n")
        >>> _ = (folder / "truth.txt").write_text(
        ...     "filename\tonset\toffset\tevent_label\na.wav\t0\t1\tCat\n"
        ... )
        >>> _ = (folder / "lengths.txt").write_text(
        ...     "filename\tduration\na.wav\t2\n"
        ... )
        >>> both = ScoredSet.read(
        ...     folder, folder / "truth.txt", folder / "lengths.txt"
        ... )
        >>> both.name, both.clips
        ('truth.txt', ('a.wav',))
        """
        notes = notes or Notes()
        frames = read_frame_scores(scores)
        truth = read_truth(
            ground_truth, durations, audio, profile=profile, notes=notes
        )
        frames = _annotated(frames, truth, str(scores), notes)
        truth = _with_labels(truth, frames.labels, notes)
        return cls(Path(ground_truth).name, frames, truth)

    @property
    def clips(self) -> tuple[str, ...]:
        """The clips that are scored and annotated."""
        return self.frames.clips


def _annotated(
    frames: FrameScores, truth: GroundTruth, path: str, notes: Notes
) -> FrameScores:
    scored = frozenset(frames.clips)
    others, missing = scored - truth.clips, truth.clips - scored
    if not scored & truth.clips:
        raise ValueError(
            f"{path}: no clip with scores is annotated: there are scores of "
            f"{min(others, default='')!r}, annotations of "
            f"{min(missing, default='')!r}. Names must match exactly, with "
            "the suffix"
        )
    if others:
        notes.warn(
            f"{counted(len(others), 'clip')} of {path} are not annotated, "
            f"such as {min(others)!r}: ignored"
        )
    if missing:
        notes.warn(
            f"{len(missing)} of {counted(len(truth.clips), 'annotated clip')} "
            f"have no scores in {path}, such as {min(missing)!r}"
        )
    return frames.select(truth.clips)


def _with_labels(
    truth: GroundTruth, labels: tuple[str, ...], notes: Notes
) -> GroundTruth:
    """The same with the classes of the scores."""
    unknown = [label for label in truth.present if label not in labels]
    if unknown:
        notes.warn(
            f"no scores of {', '.join(unknown)}: their events are left out"
        )
    kept = truth.events.event_label.isin(labels)
    events = truth.events[kept].reset_index(drop=True)
    return replace(truth, labels=labels, events=events)
