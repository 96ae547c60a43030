"""Which subpackage may import which, and what a user finds at the top."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

import lgc_plugin

PACKAGE = Path(lgc_plugin.__file__).parent
#: Each imports only those before it.
ORDER = (
    "utils",
    "types",
    "models",
    "augment",
    "data",
    "losses",
    "evaluation",
    "lgc",
    "report",
    "inference",
    "training",
    "cli",
)


def room_of(module):
    return module.split(".")[1] if "." in module else ""


def imports(path):
    """Modules of the package that a file imports, wherever it does so."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "lgc_plugin":
                yield from (f"lgc_plugin.{x.name}" for x in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_the_top_holds_twelve_parts():
    entries = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert entries == {*ORDER, "__init__"}


@pytest.mark.parametrize("room", ORDER)
def test_a_subpackage_imports_only_those_before_it(room):
    place = PACKAGE / room
    files = (
        place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
    )
    allowed = ORDER[: ORDER.index(room) + 1]
    wrong = {
        (path.relative_to(PACKAGE).as_posix(), module)
        for path in files
        for module in imports(path)
        if module.startswith("lgc_plugin.")
        and room_of(module) in ORDER
        and room_of(module) not in allowed
    }
    assert wrong == set()


@pytest.mark.parametrize(
    "room",
    ["", *(r for r in ORDER if r not in ("utils", "types", "lgc", "cli"))],
)
def test_a_subpackage_exports_what_it_offers(room):
    package = import_module(f"lgc_plugin.{room}".rstrip("."))
    assert package.__all__ == dir(package)
    modules = {path.stem for path in (PACKAGE / room).glob("*.py")}
    for name in package.__all__:
        assert getattr(package, name) is not None
        assert name not in modules, "a module of this name would hide it"
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        getattr(package, f"no_such_{'name'}")


def test_what_the_page_names_exists():
    page = PACKAGE.parent / "docs" / "architecture.md"
    text = page.read_text(encoding="utf-8")
    names = re.findall(rf"`((?:{'|'.join(ORDER)})\.[\w.]+)`", text)
    assert len(names) > 20
    for name in names:
        found, *parts = name.split(".")
        found = import_module(f"lgc_plugin.{found}")
        for part in parts:
            if not hasattr(found, part):
                import_module(f"{found.__name__}.{part}")
            found = getattr(found, part)
