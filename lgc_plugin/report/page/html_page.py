"""One HTML file with all that is known of a run, or of two side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.report.page.clip_section import clip_section
from lgc_plugin.report.page.differences import difference_rows
from lgc_plugin.report.page.figures import Figure
from lgc_plugin.report.page.run_source import RunSource, read_run
from lgc_plugin.report.page.sections import (
    class_tables,
    confusions,
    learning_curves,
    operating_tables,
    psd_roc_figures,
    score_rows,
    shown_systems,
)
from lgc_plugin.report.page.settings import setting_rows, value_text
from lgc_plugin.report.result_files import plain
from lgc_plugin.utils.files import write_text
from lgc_plugin.utils.text import printable

# What results.json has beside scores, in the order in which it is shown.
_FACTS = {
    "command": "command",
    "seed": "seed",
    "epoch": "epoch of the tested checkpoint",
    "wall_seconds": "wall time",
    "device": "device",
    "processes": "processes",
    "energy_kwh": "energy (kWh)",
    "data_folder": "data",
    "profile": "scoring profile",
    "criteria": "event F1 and frame error rate by",
    "operating_point": "F1 scores at",
}


def write_report(
    runs: Sequence[str | Path | RunSource],
    output: str | Path,
    *,
    names: Sequence[str] | None = None,
    audio: str | Path | None = None,
) -> Path:
    """Writes a page that needs nothing but itself: no network, no files.

    Arguments
    ---------
    runs : Sequence[str or Path or RunSource]
        The output folder of a run or its ``results.json``, or one that
        ``lgc-sed evaluate`` wrote; or what was read of one. Two are compared.
    output : str or Path
        The HTML file; it appears whole or not at all.
    names : Sequence[str], optional
        What the page calls each run; None takes their folders.
    audio : str or Path, optional
        Folder with the clips, at any depth, where they are not where the run
        had them.

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    FileNotFoundError
        If nothing is at a path.
    ValueError
        If a path is no run, or two runs have one name. What is missing in a
        run is no error: the page says what it leaves out.

    Example
    -------
    >>> from lgc_plugin.report import write_results
    >>> folder = getfixture("tmp_path")
    >>> _ = write_results(folder / "results.json", scores={"teacher": {
    ...     "psds1": 0.4}}, seed=1, coverage="9/10", wall_seconds=2.0)
    >>> page = write_report([folder], folder / "report.html")
    >>> "0.400" in page.read_text()
    True
    """
    if not 1 <= len(runs) <= 2:
        raise ValueError(f"{len(runs)} runs: give one, or two to compare")
    read = [
        run if isinstance(run, RunSource) else read_run(run, audio)
        for run in runs
    ]
    if names is None:
        names = [run_name(source.path) for source in read]
    if len(names) != len(runs):
        raise ValueError(f"{len(names)} names for {len(runs)} runs")
    if len(set(names)) < len(runs):
        raise ValueError(f"the runs have one name, {names[0]!r}: give two")
    page = _render(dict(zip(names, read, strict=True)))
    write_text(output, page)
    return Path(output)


def run_name(path: str | Path) -> str:
    """What a page calls a run: its folder and the one above.

    >>> run_name("/data/results/lgc/42/results.json")
    'lgc/42'
    """
    path = Path(path).resolve()
    folder = path if path.is_dir() else path.parent
    return "/".join(folder.parts[-2:]).lstrip("/")


def _render(sources: Mapping[str, RunSource]) -> str:
    systems = shown_systems(sources)
    plots = _Plots()
    curves = plots.named(psd_roc_figures(systems))
    classes = class_tables(systems)
    for table in classes:
        figure = table.pop("figure")
        table["plot"] = plots.add(figure) if figure else None
    learning = {
        title: [(name, plots.add(figure)) for name, figure in figures]
        for title, figures in learning_curves(sources).items()
    }
    clips = clip_section(systems)
    page = _environment().get_template("page.html")
    return page.render(
        names=list(sources),
        systems=systems,
        scores=score_rows(systems),
        differences=difference_rows(systems),
        resamples=[each.content.get("resamples", 0) for each in systems],
        curves=curves,
        classes=classes,
        operating=operating_tables(systems),
        confusions=plots.named(confusions(systems)),
        learning=learning,
        clips=clips,
        clip_data=plain(clips["data"]) if clips else None,
        facts=_facts(sources),
        coverage=_coverage(sources),
        versions=setting_rows([_part(x, "versions") for x in sources.values()]),
        settings=setting_rows([_settings(x) for x in sources.values()]),
        generated=any(
            x.results.get("generated_soundscapes") for x in sources.values()
        ),
        missing={name: x.missing for name, x in sources.items() if x.missing},
        figures=plain(plots.figures),
        plotly=_plotly() if plots.figures else "",
    )


class _Plots:
    """The figures of a page, numbered."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def add(self, figure: Figure) -> dict[str, int]:
        """The number of a figure and its height, for the template."""
        self.figures.append(figure)
        number = len(self.figures) - 1
        return {"number": number, "height": figure["layout"]["height"]}

    def named(self, figures: Mapping[str, Figure]) -> dict[str, dict[str, int]]:
        """The same of several."""
        return {name: self.add(figure) for name, figure in figures.items()}


def _facts(sources: Mapping[str, RunSource]) -> list[tuple[str, list[str]]]:
    """How each run came about."""
    rows = []
    for key, title in _FACTS.items():
        values = [x.results.get(key) for x in sources.values()]
        if any(value is not None for value in values):
            rows.append((title, [_fact(key, value) for value in values]))
    return rows


def _fact(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if key == "wall_seconds":
        minutes, seconds = divmod(round(value), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes:02d} min {seconds:02d} s"
    if key == "criteria":
        return Criteria.of(value).text
    return value_text(value)


def _coverage(
    sources: Mapping[str, RunSource],
) -> list[tuple[str, list[str], bool]]:
    """Clips found of clips expected, by set; and whether any are missing."""
    tables = []
    for source in sources.values():
        clips = source.results.get("coverage", {})
        if isinstance(clips, str):  # of `lgc-sed evaluate`
            clips = {"scored": clips.split("/")}
        tables.append(clips)
    rows = []
    for name in dict.fromkeys(name for table in tables for name in table):
        pairs = [table.get(name) for table in tables]
        incomplete = any(pair and pair[0] != pair[1] for pair in pairs)
        texts = [f"{x[0]} of {x[1]} clips" if x else "-" for x in pairs]
        rows.append((name, texts, incomplete))
    return rows


def _part(source: RunSource, key: str) -> Mapping[str, Any]:
    part = source.results.get(key)
    return part if isinstance(part, Mapping) else {}


def _settings(source: RunSource) -> Mapping[str, Any]:
    """Of a run its keys, of `lgc-sed evaluate` its arguments."""
    return source.settings or _part(source, "inputs")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lgc_plugin.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals["inline"] = _inline
    return environment


def _shown(value: Any) -> Any:
    """Text of files with its control characters made visible."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return printable(value)
    return value


def _inline(name: str) -> str:
    """A script or style sheet of this package, as it is."""
    file = Path(__file__).parent / "templates" / name
    return file.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _plotly() -> str:
    """plotly.js, from the Python package; which is not imported for it."""
    spec = find_spec("plotly")
    assert spec is not None and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "package_data"
    return (folder / "plotly.min.js").read_text(encoding="utf-8")
