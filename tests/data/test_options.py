"""What may be asked of a set of soundscapes."""

from __future__ import annotations

from typing import Any

import pytest

from lgc_plugin.data.soundscapes.options import SoundscapeOptions

SETS = ("strong", "strong_validation", "weak", "unlabeled", "validation")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strong": -1}, "strong is -1: give a whole number from 0 up"),
        ({"weak": 1.5}, "weak is 1.5"),
        ({"channels": 0}, "channels is 0"),
        ({"channels": 10**9}, "channels is 1000000000: .* from 1 to 64"),
        ({"sample_rate": 10**11}, "whole number from 4000 to 384000"),
        ({"clip_seconds": 0.1}, "clip_seconds is 0.1: give 0.5 to 3600"),
        ({"clip_seconds": float("nan")}, "clip_seconds is nan"),
        ({"snr": (10, 5)}, "snr is 10 to 5: give the smaller number first"),
        ({"reverberation": (0.0, 0.5)}, "or 0 0 for none"),
        ({"validation_share": 0.0}, "validation_share is 0.0"),
        (
            {"validation_share": 0.6, "strong_validation_share": 0.5},
            "nothing is left to train on",
        ),
        ({"strong_share": 0.0}, "strong_share is 0.0"),
        ({"empty_share": 2.0}, "empty_share is 2.0"),
        ({"recording_pattern": "dog"}, "has 0 groups"),
        (dict.fromkeys(SETS, 0), "all 0: ask for one clip"),
    ],
)
def test_options_say_what_is_wrong(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SoundscapeOptions(**change)
