import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.audio_files import FULL_SCALE, read_clip
from lgc_plugin.inference.samples import (
    as_mono,
    check_finite,
    round_to_16_bits,
    samples_in,
)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_type_is_what_soundfile_makes_of_it(tmp_path, subtype, channels):
    samples = np.random.default_rng(0).uniform(-1, 1, (500, channels))
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype)
    dtype = {"PCM_16": "int16", "PCM_32": "int32", "FLOAT": "float64"}[subtype]
    stored, _ = soundfile.read(tmp_path / "a.wav", dtype=dtype)
    floats, _ = soundfile.read(
        tmp_path / "a.wav", dtype="float32", always_2d=True
    )
    mono = as_mono(stored)
    assert mono.dtype == np.float32
    assert np.array_equal(mono, floats.mean(axis=1))


def test_full_scale_of_integers():
    for dtype in (np.int8, np.int16, np.int32):
        lowest = np.iinfo(dtype).min
        assert as_mono(np.array([lowest, 0], dtype)).tolist() == [-1, 0]
        assert as_mono(np.array([lowest // 4], dtype)).tolist() == [-0.25]
    unsigned = np.array([0, 128, 192], np.uint8)
    assert as_mono(unsigned).tolist() == [-1, 0, 0.5]


def test_lists_and_other_layouts():
    assert as_mono([0.5, -0.5]).tolist() == [0.5, -0.5]
    samples = np.random.default_rng(0).normal(size=(2, 100))
    assert np.allclose(as_mono(samples.T), samples.mean(axis=0), atol=1e-6)
    assert as_mono(np.array([64, -64], ">i2")).tolist() == [2**-9, -(2**-9)]
    assert len(as_mono([])) == 0


def test_the_callers_samples_are_not_shared():
    samples = np.ones(3, np.float32)
    mono = as_mono(samples)
    mono[:] = 0
    assert samples.all()


@pytest.mark.parametrize("shape", [(), (2, 3, 4), (5, 0)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"shape .* \(samples,\)"):
        as_mono(np.zeros(shape))


def test_channels_first_is_told():
    with pytest.raises(ValueError, match=r"\(2, 16000\).*may be wav\.T"):
        as_mono(np.zeros((2, 16000)))


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, bool, complex, str])
def test_types_without_full_scale_are_refused(dtype):
    with pytest.raises(ValueError, match=r"type .* full scale"):
        as_mono(np.zeros(3, dtype))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_rounded_is_what_training_reads(tmp_path, subtype, channels):
    samples = np.random.default_rng(0).normal(size=(4000, channels))
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 16000, subtype)
    floats, _ = soundfile.read(path, dtype="float32", always_2d=True)
    expected = read_clip(path, 16000) / np.float32(FULL_SCALE)
    rounded = round_to_16_bits(as_mono(floats))
    assert rounded.dtype == np.float32
    assert np.array_equal(rounded, expected)


@given(st.integers(-32768, 32767))
def test_16_bits_stay_as_they_are(level):
    floats = as_mono(np.array([level], np.int16))
    rounded = round_to_16_bits(floats)
    assert np.array_equal(rounded, floats)
    assert rounded[0] * FULL_SCALE == level


def test_rounded_silence_has_no_sign():
    assert not np.signbit(round_to_16_bits([-1e-9, 0.0, -0.0])).any()


@pytest.mark.parametrize(
    ("value", "word"),
    [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")],
)
def test_the_first_of_several_is_named(value, word):
    samples = np.zeros(100)
    samples[[40, 70]] = value, np.nan
    with pytest.raises(ValueError, match=rf"a\.wav: {word} at 1\.004 s"):
        check_finite(samples, 10000, "a.wav", before=10000)
    check_finite(samples[:40], 10000, "a.wav")
    check_finite(samples[:0], 10000, "a.wav")


def test_blocks_have_a_length():
    assert samples_in(1e-9, 16000) == 1
    for seconds in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="positive length"):
            samples_in(seconds, 16000)
