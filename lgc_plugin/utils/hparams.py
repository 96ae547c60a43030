"""The command line of a recipe: a YAML file, files of overrides, options.

SpeechBrain's own parser loses mistyped options, cuts values at a second
``=`` and turns a bare ``--flag`` into an empty value. Here each option is
either one of SpeechBrain's run options or a key of the YAML file, or it is
refused.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from hyperpyyaml import resolve_references
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from speechbrain.utils.run_opts import RunOptions

from lgc_plugin.utils.files import write_text
from lgc_plugin.utils.yaml_files import parse_yaml, read_yaml


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
            raise ValueError(_unknown(name, [*keys, *run_names, "overrides"]))
        elif value is None:
            raise ValueError(f"--{name}: needs a value, as in --{name}=VALUE")
        else:
            given[name] = _parse_value(name, value)
    from_files = _read_overrides(files, keys)
    run_options = _typed(RunOptions.from_command_line_args(run_words)[1])
    overrides = _merged(from_files, given)
    return RecipeArguments(hparams_file, run_options, overrides)


def _typed(run_options: RunOptions) -> RunOptions:
    """Run options with the types that SpeechBrain's parser leaves as text."""
    read: dict[str, Any] = {}
    limit = run_options.optimizer_step_limit
    if isinstance(limit, str):
        read["optimizer_step_limit"] = _parse_value("", limit)
        if not isinstance(read["optimizer_step_limit"], int):
            raise ValueError(
                f"--optimizer_step_limit={limit}: expected a number of steps"
            )
    for name in ("compile_module_keys", "jit_module_keys"):
        words = getattr(run_options, name)
        if words is not None and len(words) == 1:
            value = _parse_value(name, words[0])
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
    resolved = resolve_references(text, dict(overrides)).getvalue()
    return parse_yaml(resolved, hparams_file, _PlainConstructor)


def hparams_text(hparams_file: str | Path, overrides: Mapping) -> str:
    """A YAML file that HyperPyYAML can override.

    HyperPyYAML refuses a mapping in the place of a number, a list or null,
    such as median windows by class. That place is emptied here, so that the
    override fills it.

    >>> file = getfixture("tmp_path") / "a.yaml"
    >>> _ = file.write_text("windows: 7")
    >>> read_plain(file, {"windows": {"Cat": 3}})
    {'windows': {'Cat': 3}}
    """
    text = Path(hparams_file).read_text(encoding="utf-8-sig")
    yaml = YAML()  # keeps tags and references
    document = yaml.load(text)
    changed = [
        key
        for key, value in overrides.items()
        if isinstance(value, Mapping)
        and not isinstance(document.get(key), Mapping)
    ]
    if not changed:
        return text
    document.update({key: {} for key in changed})
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def save_hparams(folder: str | Path, text: str, overrides: Mapping) -> None:
    """Writes the hyperparameters of a run, as SpeechBrain does."""
    resolved = resolve_references(text, dict(overrides)).getvalue()
    file = Path(folder) / "hyperparams.yaml"
    write_text(file, f"# yamllint disable\n{resolved}")


class _PlainConstructor(SafeConstructor):
    """Reads tagged nodes (objects to be made) as None."""


_PlainConstructor.add_multi_constructor("!", lambda *_: None)


class _ValueConstructor(SafeConstructor):
    """Reads values alone: a tag would be lost where overrides are merged."""


def _refuse_tag(_: Any, suffix: str, __: Any) -> None:
    raise ValueError(
        f"the tag !{suffix} can stand in the YAML file of the experiment only: "
        "write a plain value here, or change that file"
    )


_ValueConstructor.add_multi_constructor("!", _refuse_tag)


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


def _parse_value(name: str, text: str) -> Any:
    try:
        return parse_yaml(text, f"--{name}={text}", _ValueConstructor)
    except ValueError as error:
        raise ValueError(f"{error} (not a YAML value)") from error


def _read_overrides(
    files: Iterable[str | None], keys: Sequence[str]
) -> dict[str, Any]:
    overrides: dict[str, Any] = {}
    for file in files:
        if not file:
            raise ValueError("--overrides: needs a file, --overrides=FILE")
        content = read_yaml(file, _ValueConstructor) or {}
        if not isinstance(content, dict):
            raise ValueError(f"{file}: expected lines of 'key: value'")
        for key in content:
            if key not in keys:
                raise ValueError(f"{file}: {_unknown(key, keys)}")
        overrides = _merged(overrides, content)
    return overrides


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key, as HyperPyYAML merges overrides."""
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            value = _merged(merged[key], value)
        merged[key] = value
    return merged


def _top_level_keys(hparams_file: str) -> list[str]:
    try:
        content = read_yaml(hparams_file, _PlainConstructor)
    except FileNotFoundError:
        raise FileNotFoundError(f"{hparams_file}: no such YAML file") from None
    if not isinstance(content, dict):
        raise ValueError(f"{hparams_file}: expected lines of 'key: value'")
    return list(content)


def _unknown(name: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean --{near[0]}?" if near else ""
    return f"--{name}: unknown option{hint}"
