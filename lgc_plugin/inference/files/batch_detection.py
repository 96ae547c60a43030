"""Many recordings, one after the other; an unreadable one stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import soundfile

from lgc_plugin.inference.audio_blocks import read_blocks
from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.event_writers import check_filename
from lgc_plugin.report.bounded_columns import BoundedColumns
from lgc_plugin.utils.parallel import progress_bar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tqdm import tqdm

    from lgc_plugin.inference.detector import SoundEventDetector
    from lgc_plugin.inference.event_stream import Threshold
    from lgc_plugin.inference.files.recordings import Source

#: Gets pieces of the scores of one recording, and the seconds that are done.
Watcher = Callable[["NDArray[np.float32]", float], None]

# Shorter recordings are done before anybody has read their bar.
_LONG_SECONDS = 60.0
_INNER_BAR = (
    "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s of audio "
    "[{elapsed}<{remaining}]"
)


class Outcome(NamedTuple):
    """What became of one recording."""

    #: The recording.
    source: Source
    #: Its length; 0 if it could not be read.
    seconds: float = 0.0
    #: What was detected, by onset.
    events: tuple[Detection, ...] = ()
    #: Why it could not be read, or not to its end; empty if it could.
    problem: str = ""
    #: Whether any of it could be read.
    decoded: bool = True


def detect_recordings(
    detector: SoundEventDetector,
    sources: Sequence[Source],
    *,
    threshold: Threshold = None,
    watch: Callable[[Source], Watcher] | None = None,
    progress: bool = False,
    n_done: int = 0,
) -> Iterator[Outcome]:
    """Finds the events of many recordings, without those done before."""
    with progress_bar(
        total=len(sources),
        initial=n_done,
        unit="recording",
        shown=progress and len(sources) > 1,
    ) as bar:
        for source in sources[n_done:]:
            watchers = [watch(source)] if watch else []
            try:
                outcome = _detect(
                    detector, source, threshold, watchers, progress
                )
            except (ValueError, OSError) as error:
                problem = _line(source, error)
                outcome = Outcome(source, problem=problem, decoded=False)
            bar.update()
            yield outcome


def _detect(
    detector: SoundEventDetector,
    source: Source,
    threshold: Threshold,
    watchers: Sequence[Watcher],
    progress: bool,
) -> Outcome:
    check_filename(source.name)
    done = 0.0
    with closing(_inner_bar(source, progress)) as bar:

        def on_scores(scores: NDArray[np.float32], seconds: float) -> None:
            nonlocal done
            for watcher in watchers:
                watcher(scores, seconds)
            bar.update(seconds - done)
            done = seconds

        table = detector.detect_file(
            source.path, threshold=threshold, on_scores=on_scores
        )
    rows = table[list(Detection._fields)].itertuples(index=False, name=None)
    return Outcome(source, done, tuple(Detection(*row) for row in rows))


def _inner_bar(source: Source, progress: bool) -> tqdm:
    """A bar over the seconds of a recording, if it is a long one."""
    seconds = _seconds_by_header(source)
    return progress_bar(
        desc=source.name,
        total=seconds,
        leave=False,
        bar_format=_INNER_BAR,
        shown=progress and seconds > _LONG_SECONDS,
    )


def _seconds_by_header(source: Source) -> float:
    """Length of a recording; 0 where nobody knows."""
    try:
        return soundfile.info(str(source.path)).duration
    # What is wrong with it is told when it is read.
    except (soundfile.LibsndfileError, OSError, TypeError, ValueError):
        return 0.0


def _line(source: Source, error: Exception) -> str:
    text = " ".join(str(error).split())
    # An error of the system may name no file.
    return text if str(source.path) in text else f"{source.path}: {text}"


class DetectionPictures:
    """Keeps scores while a recording is processed, then draws it."""

    def __init__(
        self,
        folder: str | Path,
        thresholds: Mapping[str, float],
        sample_rate: int,
        frame_seconds: float,
    ) -> None:
        self.folder = Path(folder)
        self.thresholds = thresholds
        self.sample_rate = sample_rate
        self.frame_seconds = frame_seconds
        self._scores = BoundedColumns(frame_seconds)

    def watch(
        self, source: Source
    ) -> Callable[[NDArray[np.floating], float], None]:
        """Begins with a recording."""
        scores = self._scores = BoundedColumns(self.frame_seconds)
        return lambda piece, seconds: scores.push(piece)

    def path(self, source: Source) -> Path:
        """Where the picture of a recording is drawn."""
        return self.folder / f"{source.name}.png"

    def draw(self, outcome: Outcome) -> Path:
        """Draws the recording that was watched last; its file is read again."""
        # Matplotlib is loaded where pictures are asked for.
        from lgc_plugin.report.detection_figure import plot_detections

        source = outcome.source
        path = self.path(source)
        plot_detections(
            path,
            read_blocks(source.path, self.sample_rate),
            self.sample_rate,
            self._scores,
            outcome.events,
            self.thresholds,
            seconds=outcome.seconds,
            title=source.name,
        )
        return path
