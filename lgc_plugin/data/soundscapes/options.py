"""What a set of soundscapes is to be like."""

from __future__ import annotations

from dataclasses import dataclass

from lgc_plugin.data.soundscapes.bank import compiled_pattern

_COUNTS = ("strong", "strong_validation", "weak", "unlabeled", "validation")
_HIGHEST_RT60 = 5.0
_LOWEST_RT60 = 0.05


@dataclass(frozen=True)
class SoundscapeOptions:
    """Sizes and sound of the sets that ``write_soundscapes`` makes.

    Arguments
    ---------
    strong : int
        Clips with strong labels to train on.
    strong_validation : int
        Clips with strong labels, mixed alike, to select a model by.
    weak : int
        Clips of which the classes are known, but not when they sound.
    unlabeled : int
        Clips of which nothing is told.
    validation : int
        Clips to test on, mixed like the unlabeled ones.
    snr : tuple[float, float]
        Level of events over the background in the strong sets, in dB.
    recorded_snr : tuple[float, float]
        The same in the other sets.
    max_events : int
        Labeled events in a clip.
    max_overlap : int
        Sounds that may be heard at any one moment, the background left out.
    clip_seconds : float
        Length of a clip.
    sample_rate : int
        Samples per second.
    channels : int
        Channels of a clip.
    reverberation : tuple[float, float]
        Range of reverberation times (RT60) of the recorded sets, in seconds;
        (0, 0) for none.
    validation_share : float
        Share of the recordings of each class that only validation hears.
    strong_validation_share : float
        Share that only the strong validation set hears.
    strong_share : float
        Share of the training recordings that the strong set hears.
    empty_share : float
        Share of the unlabeled and of the validation clips without an event.
    non_target : tuple[str, ...]
        Classes of the bank that are mixed in but not labeled.
    recording_pattern : str or None
        How file names tell recordings apart; see
        :func:`lgc_plugin.data.soundscapes.bank.recording_of`.
    sounds_per_class : int
        Size of the bank, where the sounds are made by code.
    seed : int
        Where chance begins.

    Raises
    ------
    ValueError
        If a value is out of range; the message says which, and what to do.

    Example
    -------
    >>> SoundscapeOptions(strong=10).clip_seconds
    10.0
    >>> SoundscapeOptions(max_overlap=0)
    Traceback (most recent call last):
    ...
    ValueError: max_overlap is 0: give a whole number from 1 up
    """

    strong: int = 600
    strong_validation: int = 100
    weak: int = 300
    unlabeled: int = 1500
    validation: int = 200
    snr: tuple[float, float] = (6.0, 30.0)
    recorded_snr: tuple[float, float] = (-3.0, 15.0)
    max_events: int = 5
    max_overlap: int = 3
    clip_seconds: float = 10.0
    sample_rate: int = 16000
    channels: int = 1
    reverberation: tuple[float, float] = (0.2, 0.8)
    validation_share: float = 0.25
    strong_validation_share: float = 0.1
    strong_share: float = 2 / 3
    empty_share: float = 0.05
    non_target: tuple[str, ...] = ()
    recording_pattern: str | None = None
    sounds_per_class: int = 24
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (*_COUNTS, "seed"):
            self._check_whole(name, 0)
        for name in ("max_events", "max_overlap", "channels"):
            self._check_whole(name, 1)
        self._check_whole("sounds_per_class", 3)
        self._check_whole("sample_rate", 4000)
        if not any(getattr(self, name) for name in _COUNTS):
            raise ValueError(
                f"{', '.join(_COUNTS)} are all 0: ask for one clip at least"
            )
        if not 0.5 <= self.clip_seconds <= 3600:
            raise ValueError(
                f"clip_seconds is {self.clip_seconds}: give 0.5 to 3600"
            )
        for name in ("snr", "recorded_snr"):
            self._check_range(name, -100.0, 100.0)
        if tuple(self.reverberation) != (0.0, 0.0):
            self._check_range("reverberation", _LOWEST_RT60, _HIGHEST_RT60)
        self._check_shares()
        if self.recording_pattern is not None:
            compiled_pattern(self.recording_pattern)

    def _check_whole(self, name: str, lowest: int) -> None:
        value = getattr(self, name)
        if value != int(value) or value < lowest:
            raise ValueError(
                f"{name} is {value}: give a whole number from {lowest} up"
            )

    def _check_range(self, name: str, lowest: float, highest: float) -> None:
        low, high = getattr(self, name)
        if not lowest <= low <= high <= highest:
            off = ", or 0 0 for none" if name == "reverberation" else ""
            raise ValueError(
                f"{name} is {low} to {high}: give the smaller number first, "
                f"both from {lowest:g} to {highest:g}{off}"
            )

    def _check_shares(self) -> None:
        for name in ("validation_share", "strong_validation_share"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}: give a number between "
                    "0 and 1"
                )
        total = self.validation_share + self.strong_validation_share
        if not total < 1:
            raise ValueError(
                f"validation_share and strong_validation_share make "
                f"{total:g}: nothing is left to train on, make them smaller"
            )
        if not 0 < self.strong_share <= 1:
            raise ValueError(
                f"strong_share is {self.strong_share}: give a number above 0 "
                "and up to 1"
            )
        if not 0 <= self.empty_share <= 1:
            raise ValueError(
                f"empty_share is {self.empty_share}: give a number from 0 to 1"
            )
