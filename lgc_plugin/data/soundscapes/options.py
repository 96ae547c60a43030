"""What a set of soundscapes is to be like."""

from __future__ import annotations

from dataclasses import dataclass

from lgc_plugin.data.soundscapes.bank import compiled_pattern

#: Options that count clips.
COUNTS = ("strong", "strong_validation", "weak", "unlabeled", "validation")
_HIGHEST_RT60 = 5.0
_LOWEST_RT60 = 0.05
_HIGHEST_SAMPLE_RATE = 384000
_MOST_CHANNELS = 64


@dataclass(frozen=True)
class SoundscapeOptions:
    """Sizes and sound of the sets that ``write_soundscapes`` makes.

    >>> SoundscapeOptions(strong=10).clip_seconds
    10.0
    >>> SoundscapeOptions(max_overlap=0)
    Traceback (most recent call last):
    ...
    ValueError: max_overlap is 0: give a whole number from 1 up
    """

    #: Clips with strong labels to train on
    strong: int = 600
    #: Clips with strong labels, mixed alike, to select a model by
    strong_validation: int = 100
    #: Clips whose classes are known without onsets
    weak: int = 300
    #: Clips without labels
    unlabeled: int = 1500
    #: Clips to test on, mixed like the unlabeled ones
    validation: int = 200
    #: Level of events over the background in the strong sets, in dB
    snr: tuple[float, float] = (6.0, 30.0)
    #: The same in the other sets
    recorded_snr: tuple[float, float] = (-3.0, 15.0)
    #: Labeled events in a clip
    max_events: int = 5
    #: Sounds that may overlap at any moment, without the background
    max_overlap: int = 3
    #: Length of a clip
    clip_seconds: float = 10.0
    #: Samples per second
    sample_rate: int = 16000
    #: Channels of a clip
    channels: int = 1
    #: Range of reverberation times (RT60) of the recorded sets, in seconds;
    #: (0, 0) for none
    reverberation: tuple[float, float] = (0.2, 0.8)
    #: Share of the recordings of each class for validation only
    validation_share: float = 0.25
    #: Share for the strong validation set only
    strong_validation_share: float = 0.1
    #: Share of the training recordings that the strong set uses
    strong_share: float = 2 / 3
    #: Share of the unlabeled and of the validation clips without an event
    empty_share: float = 0.05
    #: Classes of the bank that are mixed in but not labeled
    non_target: tuple[str, ...] = ()
    #: How file names tell recordings apart; see
    #: :func:`lgc_plugin.data.soundscapes.bank.recording_of`
    recording_pattern: str | None = None
    #: Size of the bank, where the sounds are made by code
    sounds_per_class: int = 24
    #: Seed of all random draws
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (*COUNTS, "seed"):
            self._check_whole(name, 0)
        for name in ("max_events", "max_overlap"):
            self._check_whole(name, 1)
        self._check_whole("channels", 1, _MOST_CHANNELS)
        self._check_whole("sounds_per_class", 3)
        self._check_whole("sample_rate", 4000, _HIGHEST_SAMPLE_RATE)
        if not any(getattr(self, name) for name in COUNTS):
            raise ValueError(
                f"{', '.join(COUNTS)} are all 0: ask for one clip at least"
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

    def _check_whole(
        self, name: str, lowest: int, highest: int | None = None
    ) -> None:
        value = getattr(self, name)
        above = highest is not None and value > highest
        if value != int(value) or value < lowest or above:
            most = "up" if highest is None else f"to {highest}"
            raise ValueError(
                f"{name} is {value}: give a whole number from {lowest} {most}"
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
