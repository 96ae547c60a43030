import io
import sys

import pytest

from lgc_plugin.utils.parallel import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "shown", "drawn"),
    [
        (Terminal(), True, True),
        (Terminal(), False, False),
        (io.StringIO(), True, False),
        (None, True, False),
    ],
)
def test_a_bar_is_for_a_terminal(monkeypatch, stream, shown, drawn):
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(progress_bar([1, 2], desc="clips", shown=shown)) == [1, 2]
    text = "" if stream is None else stream.getvalue()
    assert ("clips" in text) == drawn
