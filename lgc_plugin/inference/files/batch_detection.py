"""Many recordings, one after the other; an unreadable one stops no other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lgc_plugin.data.audio_files import AudioHeader, audio_header
from lgc_plugin.inference.audio_blocks import read_blocks
from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.event_writers import check_filename
from lgc_plugin.report.bounded_columns import BoundedColumns
from lgc_plugin.utils.parallel import progress_bar
from lgc_plugin.utils.text import one_line, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tqdm import tqdm

    from lgc_plugin.inference.detector import SoundEventDetector
    from lgc_plugin.inference.files.recordings import Source

#: Gets pieces of the scores of one recording, and the seconds that are done.
Watcher = Callable[["NDArray[np.float32]", float], None]

_MOST_SECONDS = 1e7
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
    #: Samples per second of its file; 0 if nobody knows.
    sample_rate: int = 0


def detect_recordings(
    detector: SoundEventDetector,
    sources: Sequence[Source],
    *,
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
                outcome = _detect(detector, source, watchers, progress)
            except (ValueError, OSError) as error:
                problem = _line(source, error)
                outcome = Outcome(source, problem=problem, decoded=False)
            bar.update()
            yield outcome


def _detect(
    detector: SoundEventDetector,
    source: Source,
    watchers: Sequence[Watcher],
    progress: bool,
) -> Outcome:
    check_filename(source.name)
    done = 0.0
    problems: list[str] = []
    header = _header(source)
    with closing(_inner_bar(source, header, progress)) as bar:

        def on_scores(scores: NDArray[np.float32], seconds: float) -> None:
            nonlocal done
            for watcher in watchers:
                watcher(scores, seconds)
            bar.update(seconds - done)
            done = seconds

        table = detector.detect_file(
            source.path,
            on_scores=on_scores,
            on_damage=problems.append,
        )
    rows = table[list(Detection._fields)].itertuples(index=False, name=None)
    return Outcome(
        source,
        done,
        tuple(Detection(*row) for row in rows),
        one_line("; ".join(problems)),
        sample_rate=header.sample_rate if header else 0,
    )


def _inner_bar(
    source: Source, header: AudioHeader | None, progress: bool
) -> tqdm:
    """A bar over the seconds of a recording, if it is a long one."""
    # A header may claim anything.
    known = header is not None and header.seconds < _MOST_SECONDS
    seconds = header.seconds if header is not None and known else 0.0
    return progress_bar(
        desc=printable(source.name),
        total=seconds,
        leave=False,
        bar_format=_INNER_BAR,
        shown=progress and seconds > _LONG_SECONDS,
    )


def _header(source: Source) -> AudioHeader | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return audio_header(source.path)
    except ValueError:  # the error comes when it is read
        return None


def _line(source: Source, error: Exception) -> str:
    text = " ".join(str(error).split())
    # An error of the system may name no file.
    if str(source.path) not in text:
        text = f"{source.path}: {text}"
    return printable(text)


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
            # Damage was reported when the events were detected.
            read_blocks(
                source.path, self.sample_rate, on_damage=lambda _: None
            ),
            self.sample_rate,
            self._scores,
            outcome.events,
            self.thresholds,
            seconds=outcome.seconds,
            title=source.name,
        )
        return path
