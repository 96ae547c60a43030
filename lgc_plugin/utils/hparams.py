"""The command line of a recipe: a YAML file, files of overrides, options.

SpeechBrain's own parser loses mistyped options, cuts values at a second
``=`` and turns a bare ``--flag`` into an empty value. Here each option is
either one of SpeechBrain's run options or a key of the YAML file, or it is
refused.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from hyperpyyaml import load_hyperpyyaml, resolve_references
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from speechbrain.utils.run_opts import RunOptions

from lgc_plugin.utils.files import write_text
from lgc_plugin.utils.override_files import (
    merge_into,
    merged,
    parse_value,
    read_overrides,
    unknown,
)
from lgc_plugin.utils.text import one_line
from lgc_plugin.utils.yaml_files import parse_yaml, read_yaml

_WRONG = "Invalid argument"  # as HyperPyYAML begins


class RecipeArguments(NamedTuple):
    """What a recipe was asked to do."""

    #: The YAML file
    hparams_file: str
    #: SpeechBrain's run options
    run_options: RunOptions
    #: Values for keys of the YAML file; later ones have won
    overrides: dict[str, Any]


def parse_recipe_arguments(arguments: Sequence[str]) -> RecipeArguments:
    r"""Reads the command line of a recipe.

    ``HPARAMS.yaml [--overrides=FILE ...] [--key=value ...]``; keys on the
    command line win over files, later ones over earlier ones.

    >>> file = getfixture("tmp_path") / "a.yaml"
    >>> _ = file.write_text("lr: 0.1\nseed: 1\n")
    >>> parsed = parse_recipe_arguments([str(file), "--lr=0.2", "--debug"])
    >>> parsed.overrides, parsed.run_options.debug
    ({'lr': 0.2}, True)
    >>> parse_recipe_arguments([str(file), "--sed=2"])
    Traceback (most recent call last):
        ...
    ValueError: --sed: unknown option; did you mean --seed?
    """
    if not arguments or arguments[0].startswith("-"):
        raise ValueError("the first argument must be a YAML file")
    hparams_file, *words = arguments
    keys = _top_level_keys(hparams_file)
    run_names = {field.name for field in fields(RunOptions)}
    run_words, files, given = [hparams_file], [], {}
    for name, value in _options(words):
        if name == "overrides":
            files.append(value)
        elif name in run_names:
            run_words.append(
                f"--{name}" if value is None else f"--{name}={value}"
            )
        elif name not in keys:
            raise ValueError(unknown(name, [*keys, *run_names, "overrides"]))
        elif value is None:
            raise ValueError(f"--{name}: needs a value, as in --{name}=VALUE")
        else:
            given[name] = parse_value(name, value)
    from_files = read_overrides(files, keys)
    run_options = _typed(RunOptions.from_command_line_args(run_words)[1])
    overrides = merged(from_files, given)
    return RecipeArguments(hparams_file, run_options, overrides)


def _typed(run_options: RunOptions) -> RunOptions:
    """Run options with the types that SpeechBrain's parser leaves as text."""
    read: dict[str, Any] = {}
    limit = run_options.optimizer_step_limit
    if isinstance(limit, str):
        read["optimizer_step_limit"] = parse_value("", limit)
        if not isinstance(read["optimizer_step_limit"], int):
            raise ValueError(
                f"--optimizer_step_limit={limit}: expected a number of steps"
            )
    for name in ("compile_module_keys", "jit_module_keys"):
        words = getattr(run_options, name)
        if words is not None and len(words) == 1:
            value = parse_value(name, words[0])
            read[name] = value if isinstance(value, list) else words
    return replace(run_options, **read)


def read_plain(hparams_file: str | Path, overrides: Mapping) -> dict[str, Any]:
    r"""The plain values of a YAML file, with nothing instantiated.

    A recipe prepares its data first, since the label list that the network
    is made for may come from there.

    Keys whose value is made by ``!new``, ``!name`` or ``!apply`` are None.

    >>> file = getfixture("tmp_path") / "a.yaml"
    >>> _ = file.write_text("a: 1\nb: !ref <a>/x\nc: !new:list\n")
    >>> read_plain(file, {"a": 2})
    {'a': 2, 'b': '2/x', 'c': None}
    """
    text = hparams_text(hparams_file, overrides)
    resolved = resolve_references(text).getvalue()
    return parse_yaml(resolved, hparams_file, _PlainConstructor)


def hparams_text(hparams_file: str | Path, overrides: Mapping) -> str:
    """A YAML file after the overrides, for HyperPyYAML.

    HyperPyYAML itself refuses a mapping in the place of a number, a list or
    null, such as median windows by class, and keeps the class of an object.

    >>> file = getfixture("tmp_path") / "a.yaml"
    >>> _ = file.write_text("windows: 7")
    >>> read_plain(file, {"windows": {"Cat": 3}})
    {'windows': {'Cat': 3}}
    """
    text = Path(hparams_file).read_text(encoding="utf-8-sig")
    if not overrides:
        return text
    yaml, stream = YAML(), io.StringIO()  # keeps tags and references
    document = yaml.load(text)
    merge_into(document, overrides)
    yaml.dump(document, stream)
    return stream.getvalue()


def load_hparams(text: str) -> dict[str, Any]:
    """The objects of a YAML file, from :func:`hparams_text`.

    A ValueError in one line names a class that is not there, or arguments that
    it does not take.

    >>> load_hparams("a: !new:collections.Counter {x: 1}")
    {'a': Counter({'x': 1})}
    """
    try:
        return load_hyperpyyaml(text)
    except (ImportError, TypeError) as error:
        parts = [one_line(part) for part in error.args]
        if isinstance(error, TypeError) and not parts[0].startswith(_WRONG):
            raise
        raise ValueError(
            f"{': '.join(parts)} (an object of the YAML file or of a file of "
            "overrides)"
        ) from error


def load_part(text: str, key: str) -> Any:
    r"""One object of a YAML file, whose arguments are plain values.

    >>> load_part("a: 1\nb: !new:collections.Counter {x: !ref <a>}", "b")
    Counter({'x': 1})
    """
    yaml, stream = YAML(), io.StringIO()
    document = yaml.load(resolve_references(text).getvalue())
    yaml.dump({key: document[key]}, stream)
    return load_hparams(stream.getvalue())[key]


def save_hparams(folder: str | Path, text: str) -> None:
    """Writes the hyperparameters of a run, as SpeechBrain does."""
    resolved = resolve_references(text).getvalue()
    file = Path(folder) / "hyperparams.yaml"
    write_text(file, f"# yamllint disable\n{resolved}")


class _PlainConstructor(SafeConstructor):
    """Reads tagged nodes (objects to be made) as None."""


_PlainConstructor.add_multi_constructor("!", lambda *_: None)


def _options(words: Sequence[str]) -> list[tuple[str, str | None]]:
    """Pairs of option and value; None for a bare flag."""
    pairs: list[tuple[str, str | None]] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if not word.startswith("--"):
            raise ValueError(f"{word!r}: expected an option, as in --key=value")
        name, equals, value = word[2:].partition("=")
        follows = position < len(words) and not words[position].startswith("--")
        if equals:
            pairs.append((name, value))
        elif follows:
            pairs.append((name, words[position]))
            position += 1
        else:
            pairs.append((name, None))
    return pairs


def _top_level_keys(hparams_file: str) -> list[str]:
    try:
        content = read_yaml(hparams_file, _PlainConstructor)
    except FileNotFoundError:
        raise FileNotFoundError(f"{hparams_file}: no such YAML file") from None
    if not isinstance(content, dict):
        raise ValueError(f"{hparams_file}: expected lines of 'key: value'")
    return list(content)
