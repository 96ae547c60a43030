"""Audio files whose headers are wrong, or that break off."""

import numpy as np
import soundfile


def write_noise(path, seconds=1.0, rate=16000, **how):
    """Noise from a fixed seed, at 16 bits; returns the samples."""
    rng = np.random.default_rng(5)
    samples = rng.integers(-20000, 20000, round(seconds * rate), np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **how)
    return samples


def claim_flac_length(path, n_frames):
    """Writes another number of samples into the header; 0: unknown."""
    content = bytearray(path.read_bytes())
    bits = int.from_bytes(content[21:26], "big")
    bits = bits >> 36 << 36 | n_frames
    content[21:26] = bits.to_bytes(5, "big")
    path.write_bytes(content)


def claim_wav_sizes(path, size):
    """Writes another size of the file and of its samples into the header."""
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = size.to_bytes(4, "little")
    path.write_bytes(content)


def claim_wav_rate(path, rate):
    content = bytearray(path.read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(content)


def cut(path, share):
    """Keeps the first part of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
