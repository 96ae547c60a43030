"""The file of tuned settings: what is in it, and what it refuses."""

from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.utils.hparams import parse_recipe_arguments

HPARAMS = Path(__file__).resolve().parents[2] / "hparams" / "lgc.yaml"
SETTINGS_TEXT = """\
median_windows: {Dog: 7}
decision_threshold: 0.5
tuned_on:
  metric: psds1
  frame_seconds: 0.064
  ground_truth: a.tsv
  clips: [a.wav]
"""
SETTINGS = TunedSettings(
    PostProcessing(
        {"Dog": 7, "Cat": 28},
        decision_threshold={"Dog": 0.49, "Cat": 0.3},
        len_th=0.1,
        step_filter_length={"Dog": 0.5, "Cat": 0.32},
    ),
    frame_seconds=0.064,
    metric="event_f1",
    tuned_on=("Y-0A1_0.000_10.000.wav", "b.wav"),
    ground_truth="validation.tsv",
)


@pytest.fixture
def file(tmp_path):
    SETTINGS.write(tmp_path / "tuned.yaml", "lgc-sed tune --metric event_f1")
    return tmp_path / "tuned.yaml"


def test_round_trip(file, tmp_path):
    read = TunedSettings.read(file)
    assert read == SETTINGS
    assert read.labels == ("Dog", "Cat")
    plain = PostProcessing({"Cat": 1})
    plain = TunedSettings(plain, 0.02, "psds1", ("1",), "1.5")
    plain.write(tmp_path / "plain.yaml")
    assert TunedSettings.read(tmp_path / "plain.yaml") == plain


def test_a_reader_learns_where_it_comes_from(file):
    text = file.read_text()
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert text.startswith("# Made by: lgc-sed tune --metric event_f1\n")
    assert "best event_f1 on 2 clips of validation.tsv" in comment[1]
    assert "nobody reports scores on them" in comment[2]
    assert text.splitlines()[-1] == "  - b.wav"


def test_the_recipe_takes_it_as_overrides(file):
    parsed = parse_recipe_arguments([str(HPARAMS), f"--overrides={file}"])
    # All that decoding takes, so that a recipe's own settings take no part.
    names = {each.name for each in fields(PostProcessing)}
    assert set(parsed.overrides) == names - {"thresholds"} | {"tuned_on"}
    others = {"seed": 1, **parsed.overrides}
    assert TunedSettings.from_overrides(others) == SETTINGS


def test_some_of_the_classes():
    chosen = SETTINGS.for_labels(["Cat"]).for_labels(["Cat"])
    assert chosen == PostProcessing(
        (28,),
        decision_threshold={"Cat": 0.3},
        len_th=0.1,
        step_filter_length={"Cat": 0.32},
    )
    with pytest.raises(ValueError, match="nothing was tuned for Cow"):
        SETTINGS.for_labels(["Cat", "Cow"])


def test_a_file_without_the_later_settings_has_their_defaults(tmp_path):
    (tmp_path / "a.yaml").write_text(SETTINGS_TEXT)
    chosen = TunedSettings.read(tmp_path / "a.yaml").post_processing
    assert chosen == PostProcessing({"Dog": 7})


def test_refuses_the_clips_it_was_tuned_on():
    SETTINGS.refuse(["c.wav", "B.wav"], "the test set")
    with pytest.raises(ValueError, match="1 of the 2 clips of the test set"):
        SETTINGS.refuse(iter(["c.wav", "b.wav"]), "the test set")


def test_refuses_other_frames():
    SETTINGS.check_frames(10 / 156)
    for seconds in (0.016, 0.0656):
        with pytest.raises(ValueError, match="0.064 s, these are 0.0"):
            SETTINGS.check_frames(seconds)


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["median_windows"], {}, "name no class"),
        (["median_windows"], [3, 5], "median_windows must hold lines"),
        (["median_windows", "Dog"], 0, "window 0 of 'Dog'"),
        (["median_windows", "Dog"], 2.5, "window 2.5 of 'Dog'"),
        (["median_windows", "Cow"], 3, r"missing \['Cow'\]"),
        (["decision_threshold", "Dog"], "high", "decision_threshold is 'hi"),
        (["decision_threshold"], True, "decision_threshold is True"),
        (["decision_threshold"], {"Dog": 0.5}, r"missing \['Cat'\]"),
        (["tuned_on"], None, "tuned_on must hold lines"),
        (["tuned_on", "metric"], None, "metric of tuned_on is None"),
        (["tuned_on", "frame_seconds"], 0, "frame_seconds is 0"),
        (["tuned_on", "clips"], "a.wav", "clips of tuned_on is 'a.wav'"),
        (["tuned_on", "clips"], [], "clips are missing"),
        (["tuned_on", "extra"], 1, "unknown key 'extra'"),
        (["seed"], 1, "unknown key 'seed'"),
        (["median_windows", "Dog"], 10**11, "window 100000000000 of 'Dog'"),
        (["median_windows"], {1: 3}, "label 1 must be text"),
        (["tuned_on", "clips"], [["a.wav"]], "clips of tuned_on .*'a.wav'"),
    ],
)
def test_reading_tells_what_is_wrong(file, keys, value, message):
    yaml = YAML()
    content = yaml.load(file.read_text())
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    yaml.dump(content, file)
    with pytest.raises(ValueError, match=f"tuned.yaml: no tuned.*{message}"):
        TunedSettings.read(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold lines of 'key: value'"),
        ("a: [", "no tuned settings"),
        ("median_windows: {Cat: 3}\n", "decision_threshold, tuned_on missing"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ValueError, match=f"a.yaml: .*{message}") as raised:
        TunedSettings.read(tmp_path / "a.yaml")
    assert "\n" not in str(raised.value)


def test_hostile_files_are_refused_in_one_line(tmp_path):
    levels = ["a: &a [x, x]"]
    levels += [f"{y}: &{y} [{f'*{x}, ' * 9}]" for x, y in pairwise("abcdefghi")]
    bomb = "\n".join(levels)
    text = SETTINGS_TEXT.split("clips:")[0]
    for content in (
        "[" * 5000,
        f"{bomb}\nmedian_windows: *i\n",
        f"{bomb}\n{text}clips: *i\n",
        f"{text}clips: [a]\n  metric: b\n",  # a key twice
        text.replace("psds1", "[psds1]") + f"clips: [{'[' * 5000}",
        "x: " + "y" * 20_000_000,
    ):
        (tmp_path / "a.yaml").write_text(content)
        with pytest.raises(ValueError, match=r"a.yaml: no tuned") as error:
            TunedSettings.read(tmp_path / "a.yaml")
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 1000


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        TunedSettings.read(tmp_path / "nowhere.yaml")
