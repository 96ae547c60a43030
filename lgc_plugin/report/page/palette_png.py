"""Pictures of few colors, as small PNG files in bytes."""

from __future__ import annotations

import struct
import zlib

import matplotlib
import numpy as np
from numpy.typing import NDArray

# More are not seen in a spectrogram, and take more bytes.
_LEVELS = 48


def palette_png(image: NDArray[np.floating], low: float, high: float) -> bytes:
    r"""A PNG of (H, W) values, the first row at the bottom.

    Its colors are those of the other spectrograms, from ``low`` to ``high``.

    >>> picture = palette_png(np.zeros((2, 3)), 0.0, 1.0)
    >>> picture[:8], struct.unpack(">II", picture[16:24])
    (b'\x89PNG\r\n\x1a\n', (3, 2))
    """
    share = (np.asarray(image, np.float64) - low) / (high - low)
    level = np.clip(share * _LEVELS, 0, _LEVELS - 1).astype(np.uint8)[::-1]
    colors = matplotlib.colormaps["magma"](np.linspace(0, 1, _LEVELS))
    palette = (colors[:, :3] * 255).round().astype(np.uint8)
    height, width = level.shape
    # Each row begins with the number of its filter: none.
    rows = np.pad(level, ((0, 0), (1, 0)))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check
