"""A picture of each recording that a detector heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lgc_plugin.inference.audio.blocks import read_blocks
from lgc_plugin.report.bounded_columns import BoundedColumns
from lgc_plugin.report.detection_figure import plot_detections

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lgc_plugin.inference.files.batch_detection import Outcome
    from lgc_plugin.inference.files.recordings import Source


class DetectionPictures:
    """Watches scores while a recording is heard, and draws it afterwards.

    Arguments
    ---------
    folder : str or Path
        ``cat.wav`` is drawn as ``cat.wav.png`` in there; folders in names are
        kept, and pictures that exist are replaced.
    thresholds : Mapping[str, float]
        Of each class, in the order of the scores.
    sample_rate : int
        Samples per second at which the model listens.
    frame_seconds : float
        Length of a frame of the scores.

    Example
    -------
    >>> import numpy as np, soundfile
    >>> from lgc_plugin.inference.files.batch_detection import Outcome
    >>> from lgc_plugin.inference.files.recordings import Source
    >>> folder = getfixture("tmp_path")
    >>> soundfile.write(folder / "a.wav", np.zeros(16000), 16000)
    >>> source = Source(folder / "a.wav", "a.wav")
    >>> pictures = DetectionPictures(folder / "out", {"Cat": 0.5}, 16000, 0.1)
    >>> pictures.watch(source)(np.full((1, 10), 0.2), 1.0)
    >>> pictures.draw(Outcome(source, seconds=1.0)).name
    'a.wav.png'
    """

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
        """Begins with a recording.

        Arguments
        ---------
        source : Source
            The recording; what was seen of the one before is forgotten.

        Returns
        -------
        Callable
            Takes pieces of its scores, and the seconds that are done.
        """
        scores = self._scores = BoundedColumns(self.frame_seconds)
        return lambda piece, seconds: scores.push(piece)

    def draw(self, outcome: Outcome) -> Path:
        """Draws the recording that was watched last; its file is read again.

        Arguments
        ---------
        outcome : Outcome
            What became of it.

        Returns
        -------
        Path
            The picture.
        """
        source = outcome.source
        path = self.folder / f"{source.name}.png"
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
