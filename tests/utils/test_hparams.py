from pathlib import Path

import pytest

from lgc_plugin.utils.hparams import (
    hparams_text,
    load_hparams,
    parse_recipe_arguments,
    read_plain,
)


@pytest.fixture
def hparams(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(
        "seed: 1\nlr: 0.1\nlabels: null\nsizes: {strong: 1, weak: 2}\n"
        "folder: null\nname: !ref run/<seed>\n"
        "model: !new:collections.OrderedDict\n"
    )
    return str(file)


def test_values_keep_their_types_and_their_equals_signs(hparams):
    words = [
        hparams,
        "--lr=1e-3",
        "--seed",
        "7",
        "--folder=a=b/c",
        "--labels=[Cat, Dog]",
        "--sizes={weak: 3}",
    ]
    parsed = parse_recipe_arguments(words)
    assert parsed.overrides == {
        "lr": 1e-3,
        "seed": 7,
        "folder": "a=b/c",
        "labels": ["Cat", "Dog"],
        "sizes": {"weak": 3},
    }


def test_run_options_go_to_speechbrain(hparams):
    run_options = parse_recipe_arguments(
        [hparams, "--debug", "--device=cpu", "--max_grad_norm", "1.5"]
    ).run_options
    assert run_options.debug and run_options.device == "cpu"
    assert run_options.max_grad_norm == 1.5


def test_later_wins_and_the_command_line_wins_over_files(hparams, tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("seed: 2\nlr: 0.2\n")
    two.write_text("seed: 3\nfolder: x\n")
    parsed = parse_recipe_arguments(
        [hparams, "--folder=y", f"--overrides={one}", f"--overrides={two}"]
    )
    assert parsed.overrides == {"seed": 3, "lr": 0.2, "folder": "y"}


@pytest.mark.parametrize("key", ["seed", "labels", "folder", "name"])
def test_a_mapping_may_take_the_place_of_anything(hparams, key):
    words = [hparams, f"--{key}={{Cat: 7}}"]
    overrides = parse_recipe_arguments(words).overrides
    assert read_plain(hparams, overrides)[key] == {"Cat": 7}
    loaded = load_hparams(hparams_text(hparams, overrides))
    assert loaded[key] == {"Cat": 7} and loaded["sizes"]["weak"] == 2
    assert hparams_text(hparams, {}) == Path(hparams).read_text()


def test_mappings_are_merged_key_by_key(hparams, tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text("sizes: {strong: 5, weak: 6}\n")
    parsed = parse_recipe_arguments(
        [hparams, f"--overrides={file}", "--sizes={weak: 7}"]
    )
    assert parsed.overrides == {"sizes": {"strong": 5, "weak": 7}}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--max_grad=1"], "--max_grad: unknown option; did you mean"),
        (["--sede=1"], "did you mean --seed?"),
        (["--seed"], "--seed: needs a value"),
        (["seed=1"], "expected an option"),
        (["--labels=[Cat"], "not a YAML value"),
        (["--overrides"], "needs a file"),
    ],
)
def test_mistakes_are_named(hparams, words, message):
    with pytest.raises(ValueError) as error:
        parse_recipe_arguments([hparams, *words])
    assert message in str(error.value)


def test_files_that_are_not_there_or_do_not_fit_are_named(hparams, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.yaml"):
        parse_recipe_arguments(["nowhere.yaml"])
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("epochs: 3\n")
    with pytest.raises(ValueError, match="wrong.yaml: --epochs"):
        parse_recipe_arguments([hparams, f"--overrides={wrong}"])


def test_plain_values_are_resolved_without_making_objects(hparams):
    plain = read_plain(hparams, {"seed": 5, "sizes": {"weak": 9}})
    assert plain["name"] == "run/5"
    assert plain["sizes"] == {"strong": 1, "weak": 9}
    assert plain["model"] is None


def test_run_options_have_their_types(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("lr: 0.1\n")
    options = parse_recipe_arguments(
        [
            str(file),
            "--optimizer_step_limit=4",
            "--compile_module_keys=[model]",
        ]
    ).run_options
    assert options.optimizer_step_limit == 4
    assert list(options.compile_module_keys) == ["model"]
    with pytest.raises(ValueError, match="--optimizer_step_limit=four"):
        parse_recipe_arguments([str(file), "--optimizer_step_limit=four"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("seed: [1", "line 1, column 9: expected"),
        ("seed: 1\nseed: 2", "duplicate key"),
        ("\tseed: 1", "cannot start any token"),
        ("seed: '\0'", "special characters"),
        ("seed: 1\n---\nseed: 2", "found another document"),
        ("~: 1", "--None: unknown option"),
        ("seed: " + "[" * 3000, "levels"),
        ("seed: &a [*a]", "within what it stands for"),
        ("- seed", "expected lines of 'key: value'"),
        ("lr: !include:x", "the tag !include:x cannot stand in a file of over"),
        ("lr: !new:a {b: [!PLACEHOLDER ]}", "the tag !PLACEHOLDER cannot"),
        ("lr: !!python/name:os.system", "could not determine a constructor"),
        ("lr: !new:a {b: 1, b: 2}", "duplicate key"),
        ("lr: !new:a " + "[" * 3000, "levels"),
        ("seed: \xe9".encode("latin-1"), "save it as UTF-8"),
    ],
)
def test_a_bad_file_of_overrides_is_told_in_one_line(
    tmp_path, content, message
):
    main, over = tmp_path / "main.yaml", tmp_path / "over.yaml"
    main.write_text("seed: 1\nlr: 0.1\n")
    content = content if isinstance(content, bytes) else content.encode()
    over.write_bytes(content)
    with pytest.raises(ValueError) as raised:
        parse_recipe_arguments([str(main), f"--overrides={over}"])
    text = str(raised.value)
    assert text.startswith(str(over)) and message in text
    assert "\n" not in text


def test_a_tag_on_the_command_line_is_not_taken_for_null(tmp_path):
    file = tmp_path / "main.yaml"
    file.write_text("seed: 1\nlr: 0.1\n")
    with pytest.raises(ValueError, match=r"--lr=!ref <seed>: the tag !ref"):
        parse_recipe_arguments([str(file), "--lr=!ref <seed>"])
