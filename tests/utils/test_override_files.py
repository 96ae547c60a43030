"""Objects in files of overrides."""

from collections import Counter, OrderedDict

import pytest

from lgc_plugin.utils.hparams import (
    hparams_text,
    load_hparams,
    parse_recipe_arguments,
    read_plain,
    save_hparams,
)

MAIN = """\
seed: 1
rate: 16000
weights: null
part: null
steps: [1, 2]
model: !new:collections.OrderedDict {a: 1, b: !ref <seed>}
all: {part: !ref <part>, model: !ref <model>}
"""
PART = "part: !new:collections.Counter {rate: !ref <rate>, x: 5}\n"


@pytest.fixture
def load(tmp_path):
    """Loads the main file after files of overrides and words."""
    main = tmp_path / "main.yaml"
    main.write_text(MAIN)

    def load(*files, words=(), **later):
        options = []
        for number, content in enumerate(files):
            file = tmp_path / f"{number}.yaml"
            file.write_text(content)
            options.append(f"--overrides={file}")
        parsed = parse_recipe_arguments([str(main), *options, *words])
        overrides = {**parsed.overrides, **later}
        plain = read_plain(main, overrides)
        text = hparams_text(main, overrides)
        loaded = load_hparams(text)
        save_hparams(tmp_path, text)
        saved = (tmp_path / "hyperparams.yaml").read_text()
        assert load_hparams(saved) == loaded, "the run's file shows them"
        # References are resolved anew each time.
        assert load_hparams(hparams_text(main, overrides)) == loaded
        return plain, loaded

    return load


def test_an_object_takes_the_place_of_a_value(load):
    plain, loaded = load(PART)
    assert plain["part"] is None and plain["rate"] == 16000
    assert loaded["part"] == Counter(rate=16000, x=5)
    assert loaded["all"]["part"] is loaded["part"]


def test_references_are_to_the_values_of_the_run(load):
    _, loaded = load(PART, "rate: 8000\n")
    assert loaded["part"]["rate"] == 8000
    _, loaded = load(PART, words=["--rate=44100"], seed=3)
    assert loaded["part"]["rate"] == 44100 and loaded["model"]["b"] == 3


def test_another_class_takes_no_argument_of_the_one_before(load):
    _, loaded = load("model: !new:collections.Counter {c: 2}\n")
    assert loaded["model"] == Counter(c=2)
    assert type(loaded["all"]["model"]) is Counter


def test_plain_values_change_arguments_of_an_object(load):
    _, loaded = load("model: {a: 7}\n", words=["--model={b: 8}"])
    assert loaded["model"] == OrderedDict(a=7, b=8)
    _, loaded = load(PART, "part: {x: 6}\n", words=["--part={y: 7}"])
    assert loaded["part"] == Counter(rate=16000, x=6, y=7)
    assert type(loaded["part"]) is Counter


def test_the_last_file_wins(load):
    assert load(PART, "part: null\n")[1]["part"] is None
    assert load(PART, words=["--part=3"])[1]["part"] == 3
    _, loaded = load("part: !ref <steps>\n", "part: !apply:builtins.len [abc]")
    assert loaded["part"] == 3
    _, loaded = load("part: !apply:builtins.len [abc]", words=["--part={a: 1}"])
    assert loaded["part"] == {"a": 1}


def test_objects_within_lists_and_mappings(load):
    part = "part: !name:builtins.len"
    steps = "steps:\n- !new:collections.Counter {a: 1}\n- !ref <seed>\n- x"
    _, loaded = load(f"{part}\n{steps}\nall: {{of: !ref <part>}}\n")
    assert loaded["steps"] == [Counter(a=1), 1, "x"]
    assert loaded["part"] is len
    assert loaded["all"] == {"of": loaded["part"]}


def test_what_an_alias_stands_for_is_taken_along(load):
    given = "weights: &rate 5\npart: !new:collections.Counter {a: *rate}\n"
    assert load(given)[1]["part"] == Counter(a=5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("part: !new:nowhere.Part", "no such class as nowhere.Part"),
        ("part: !new:fractions.Fraction {a: 1}", "argument to class fractions"),
        ("part: !apply:builtins.len [1, 2]", "argument to callable"),
        ("part: !ref <nothing>", '"nothing" is not valid'),
    ],
)
def test_an_object_that_cannot_be_made_is_told_in_one_line(
    load, content, message
):
    with pytest.raises(ValueError) as raised:
        load(content)
    assert message in str(raised.value) and "\n" not in str(raised.value)
