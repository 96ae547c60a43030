"""Reports in one sentence why PyTorch, torchaudio or SpeechBrain cannot load.

A torchaudio that was built for another PyTorch ends in a traceback of fifty
lines whose last one names a C++ symbol. The package checks these imports,
wherever they are, and raises a :class:`LoadError` that names what to install.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Any

WATCHED = ("torch", "torchaudio", "speechbrain")


class LoadError(ImportError):
    """A package that is needed is missing or cannot be loaded.

    Its text is one sentence with the command that helps. A script that does
    not catch it prints this sentence alone and ends with status 1.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        if sys.excepthook is not _print_sentence:
            _previous_hooks.append(sys.excepthook)
            sys.excepthook = _print_sentence


_previous_hooks: list[
    Callable[[type[BaseException], BaseException, TracebackType | None], Any]
] = []


def _print_sentence(
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    if isinstance(error, LoadError):
        print(f"error: {error}", file=sys.stderr)
    else:
        _previous_hooks[-1](kind, error, trace)


def check_versions() -> None:
    """Refuses to go on where a package is missing or too old.

    pip sees to it when it installs the project, but not when another package
    is installed afterwards. Recipes call this first.

    >>> from lgc_plugin.utils.loading import check_versions
    >>> check_versions()
    """
    from lgc_plugin.utils.versions import installed_problems

    problems = installed_problems()
    if problems:
        raise LoadError("\n".join(problems))


def watch_imports() -> None:
    """Explains, from now on, why one of ``WATCHED`` cannot be loaded."""
    if not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch())


class _Watch(MetaPathFinder):
    """Finds what the other finders find, and explains what fails to run."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if name not in WATCHED:
            return None
        if name == "speechbrain":
            _silence_speechbrain()
        for finder in sys.meta_path:
            spec = None
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
            if spec is not None:
                _explain_failures(spec)
                return spec
        return None


def _explain_failures(spec: ModuleSpec) -> None:
    """Turns what goes wrong while a module runs into a LoadError."""
    loader: Any = spec.loader
    run = getattr(loader, "exec_module", None)
    # A loader that is a class serves other modules too.
    if run is None or isinstance(loader, type):
        return

    def run_or_explain(module: ModuleType) -> None:
        try:
            run(module)
        except LoadError:
            raise
        except Exception as error:
            raise LoadError(failure(spec.name, error)) from None

    loader.exec_module = run_or_explain


def _silence_speechbrain() -> None:
    """Keeps back what its import warns of, which no user can change."""
    # It asks torchaudio 2.8 to 2.10 for what these deprecate.
    warnings.filterwarnings("ignore", r"torchaudio\._backend\.")
    # Pictures that nothing here draws.
    logger = logging.getLogger("speechbrain.utils.train_logger")
    if not logger.filters:
        logger.addFilter(lambda record: "torchvision" not in str(record.msg))


def failure(name: str, error: BaseException) -> str:
    """Why a package cannot be loaded, and what helps, in one sentence."""
    from lgc_plugin.utils.versions import installed_version, working_pair

    versions = {each: installed_version(each) for each in WATCHED}
    named = {k: f"{k} {v or '(not installed)'}" for k, v in versions.items()}
    others = [named[each] for each in ("torch", "torchaudio") if each != name]
    pair = [versions["torch"], versions["torchaudio"]]
    torch, torchaudio = working_pair(*pair)
    # pip takes a build for CPUs for the same version, and would leave it.
    same = [(each or "").partition("+")[0] for each in pair]
    force = "--force-reinstall " if same == [torch, torchaudio] else ""
    return (
        f"{named[name]} does not load with {' and '.join(others)} "
        f"({_reason(error)}); torch {torch} and torchaudio {torchaudio} work "
        f"together: pip install {force}torch=={torch} torchaudio=={torchaudio}"
    )


def explained(error: ModuleNotFoundError) -> ImportError:
    """The error to raise where a module is missing."""
    from lgc_plugin.utils.versions import LOCKED_PAIR

    name = str(error.name).partition(".")[0]
    if name not in WATCHED:
        return error
    torch, torchaudio = LOCKED_PAIR
    return LoadError(
        f"{name} is not installed: pip install torch=={torch} "
        f"torchaudio=={torchaudio} speechbrain"
    )


def _reason(error: BaseException) -> str:
    """The last line of the first error in a chain, without its folders."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    words = [word.rpartition("/")[2] or word for word in lines[-1].split()]
    return " ".join(words)[:200]
