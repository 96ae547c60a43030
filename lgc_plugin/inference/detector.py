"""A finished model that finds the events of any recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from speechbrain.inference.interfaces import Pretrained
from torch import Tensor

from lgc_plugin.inference.audio_blocks import (
    Blocks,
    array_blocks,
    read_blocks,
    stream_blocks,
)
from lgc_plugin.inference.event_stream import (
    Detection,
    EventStream,
    OnScores,
    Threshold,
    detection_table,
    find_events,
    with_threshold,
)
from lgc_plugin.inference.model.model_folder import read_model
from lgc_plugin.inference.prediction import (
    Prediction,
    default_batch_size,
    predict,
    run_on_windows,
    run_options,
)
from lgc_plugin.inference.windows import WindowPlan

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from lgc_plugin.inference.model.model_settings import ModelSettings
    from lgc_plugin.types import SEDOutput


class SoundEventDetector(Pretrained):
    """Finds which sounds happen in a recording, and when.

    Recordings of any length, rate and number of channels are processed as the
    clips of the training, in overlapping windows that are as long. Files and
    streams get the same events, in memory that their length does not change.
    Made by :meth:`from_hparams`.

    Arguments
    ---------
    modules : dict[str, torch.nn.Module]
        ``front_end`` (:class:`~lgc_plugin.models.features.LogMel`),
        ``network``, ``frame_encoder`` (if any), in evaluation mode.
    hparams : dict[str, Any]
        ``settings`` (:class:`.ModelSettings`), and if wanted
        ``network_name``, ``hop_seconds`` and ``batch_size``.
    run_opts : dict[str, Any] or speechbrain.core.RunOptions, optional
        SpeechBrain's, such as ``device`` and ``precision``.

    Example
    -------
    >>> from lgc_plugin.inference.model.model_folder import write_model
    >>> from lgc_plugin.inference.model.model_settings import ModelSettings
    >>> from lgc_plugin.inference.model.plain_values import default_arguments
    >>> from lgc_plugin.evaluation import PostProcessing
    >>> from lgc_plugin import CRNN, LogMel
    >>> network = {**default_arguments(CRNN), "n_classes": 1, "rnn_size": 8}
    >>> front_end = default_arguments(LogMel)
    >>> decoding = PostProcessing(median_windows=7)
    >>> settings = ModelSettings(("Cat",), 10.0, front_end, network, decoding)
    >>> folder = getfixture("tmp_path") / "model"
    >>> write_model(folder, settings, {"teacher": CRNN(**network)})
    >>> detector = SoundEventDetector.from_hparams(folder)
    >>> detector.scores(torch.randn(3 * 44100), 44100).shape
    (1, 47)
    >>> list(detector.detect(torch.randn(44100), 44100).columns)
    ['onset', 'offset', 'event_label', 'confidence']
    """

    HPARAMS_NEEDED = ["settings"]
    MODULES_NEEDED = ["front_end", "network"]

    def __init__(
        self,
        modules: dict[str, torch.nn.Module],
        hparams: dict[str, Any],
        run_opts: Any = None,
    ) -> None:
        # On CPUs, PyTorch's GRU gives other last bits where it is frozen.
        super().__init__(modules, hparams, run_opts, freeze_params=False)
        self.eval()
        self.settings: ModelSettings = hparams["settings"]
        #: How scores become events: the model's own, or what is set here.
        self.post_processing = self.settings.post_processing
        #: ``teacher`` or ``student``.
        self.network_name: str = hparams.get("network_name", "network")
        #: How windows lie in a recording.
        hop_seconds = hparams.get("hop_seconds")
        self.plan = WindowPlan.of(self.settings.encoder(), hop_seconds)
        batch_size = hparams.get("batch_size")
        self.batch_size = default_batch_size(batch_size, self.device)

    @classmethod
    def from_hparams(
        cls,
        source: str | Path,
        network: str = "teacher",
        *,
        hop_seconds: float | None = None,
        batch_size: int | None = None,
        encoder_weights: str | Path | None = None,
        run_opts: Mapping[str, Any] | None = None,
    ) -> SoundEventDetector:
        """Loads a finished model.

        Arguments
        ---------
        source : str or Path
            Folder of a run that has ended, or a model folder. Nothing in it
            is executed.
        network : str
            ``teacher`` or ``student``.
        hop_seconds : float, optional
            From one window to the next; None means half a window.
        batch_size : int, optional
            Windows of a file in one batch; None means 2 (32 on a GPU).
        encoder_weights : str or Path, optional
            Weights of the pretrained encoder; None means where they were.
        run_opts : Mapping[str, Any], optional
            SpeechBrain's options: ``device`` (a GPU if there is one),
            ``precision`` (``fp32``, ``bf16``), ``compile``.

        Raises
        ------
        FileNotFoundError
            If there is no model, not that network, or no encoder's weights.
        ValueError
            If a file is damaged or another one, or an option cannot be right.
        """
        model = read_model(source, network, encoder_weights)
        return cls(
            modules=model.parts,
            hparams={
                "settings": model.settings,
                "network_name": network,
                "hop_seconds": hop_seconds,
                "batch_size": batch_size,
            },
            run_opts=run_options(run_opts),
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the scores."""
        return self.settings.labels

    @property
    def sample_rate(self) -> int:
        """Samples per second at the input of the model."""
        return self.settings.sample_rate

    @property
    def frame_seconds(self) -> float:
        """Length of a frame of the scores."""
        return self.settings.frame_seconds

    @property
    def latency_seconds(self) -> float:
        """Longest wait for an event after its end; infinite for boxes."""
        settings, frame = self.post_processing, self.frame_seconds
        stream = EventStream(self.labels, settings, frame)
        return self.plan.latency_seconds(stream.latency_frames)

    def scores(
        self, wav: ArrayLike | Tensor, sample_rate: int
    ) -> NDArray[np.float32]:
        """The network's scores of every frame, before the median filter.

        ``wav`` is (N,) or (N, channels): floats in [-1, 1], or integers. No
        samples, or some that are not numbers, are a ValueError.

        Returns
        -------
        numpy.ndarray
            (C, T') probabilities; frame t begins at ``t * frame_seconds``.
        """
        pieces = self._predict(self._blocks(wav, sample_rate), self.batch_size)
        return np.concatenate([piece.scores for piece in pieces], axis=1)

    def detect(
        self,
        wav: ArrayLike | Tensor,
        sample_rate: int,
        *,
        threshold: Threshold = None,
    ) -> pd.DataFrame:
        """Finds the events of a recording that is in memory.

        Samples and errors are those of :meth:`scores`. ``threshold`` is that
        of :attr:`post_processing`, one number or some by name; None: its own.

        Returns
        -------
        pandas.DataFrame
            Columns of :class:`.Detection`, by onset; none ends too late.
        """
        blocks = self._blocks(wav, sample_rate)
        events = self._events(blocks, threshold, self.batch_size)
        return detection_table(events, self.labels)

    def detect_file(
        self,
        path: str | Path,
        *,
        threshold: Threshold = None,
        on_scores: OnScores | None = None,
        on_damage: Callable[[str], None] | None = None,
    ) -> pd.DataFrame:
        """As :meth:`detect` for a file, in memory that does not grow with it.

        Any file that libsndfile reads; one that is missing is a
        FileNotFoundError, one that cannot be decoded a ValueError. What comes
        before a damaged place counts; ``on_damage`` gets what is wrong (by
        default, a warning). ``on_scores`` gets (C, n) scores as they become
        final, and the seconds that are done.
        """
        blocks = read_blocks(path, self.sample_rate, on_damage=on_damage)
        events = self._events(blocks, threshold, self.batch_size, on_scores)
        return detection_table(events, self.labels)

    def detect_stream(
        self,
        chunks: Iterable[ArrayLike],
        sample_rate: int | None = None,
        *,
        threshold: Threshold = None,
    ) -> Iterator[Detection]:
        """Finds the events of a recording that is still going on.

        Chunks are (n,) or (n, channels) samples, by default at the model's
        rate. Gives each event of :meth:`detect` as soon as nothing can change
        it, at most :attr:`latency_seconds` after its end; errors are raised
        when their chunk comes.
        """
        rate = self.sample_rate if sample_rate is None else sample_rate
        blocks = stream_blocks(chunks, rate, self.sample_rate)
        return self._events(blocks, threshold, batch_size=1)

    def forward(
        self, wavs: Tensor, wav_lens: Tensor | None = None
    ) -> SEDOutput:
        """The network's outputs for a batch, by SpeechBrain's convention.

        ``wavs`` (B, N) are windows at the model's rate; they are not rounded.
        ``wav_lens`` (B,) are relative lengths, of which the longest is 1.
        """
        share = torch.ones(len(wavs)) if wav_lens is None else wav_lens
        n_samples = (share.cpu() * wavs.shape[1]).round().long()
        return self._run(wavs, n_samples)

    def _events(
        self,
        blocks: Blocks,
        threshold: Threshold,
        batch_size: int,
        on_scores: OnScores | None = None,
    ) -> Iterator[Detection]:
        """Events as they become final; a wrong threshold is refused at once."""
        settings = with_threshold(self.post_processing, threshold, self.labels)
        stream = EventStream(self.labels, settings, self.frame_seconds)
        return find_events(self._predict(blocks, batch_size), stream, on_scores)

    def _predict(self, blocks: Blocks, batch_size: int) -> Iterator[Prediction]:
        def frame_scores(wavs: Tensor, n_samples: Tensor) -> Tensor:
            return self._run(wavs, n_samples).frame

        return predict(blocks, self.plan, frame_scores, batch_size)

    def _run(self, wavs: Tensor, n_samples: Tensor) -> SEDOutput:
        with torch.inference_mode(), self.inference_ctx:
            return run_on_windows(
                self.mods.front_end,
                self.mods.network,
                wavs.to(self.device),
                n_samples.to(self.device),
                self.settings.pooling,
                getattr(self.mods, "frame_encoder", None),
                n_samples.tolist(),
            )

    def _blocks(self, wav: ArrayLike | Tensor, sample_rate: int) -> Blocks:
        if isinstance(wav, Tensor):
            wav = wav.detach().cpu().numpy()
        return array_blocks(wav, sample_rate, self.sample_rate)
