"""Plots of a report, as plotly.js draws them.

Colors are names of the page's own (``var(--ink)``), so that they follow light
and dark. Text is escaped: plotly.js reads tags and entities in it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from lgc_plugin.evaluation.score import Score
from lgc_plugin.report.page.confusion import Confusion
from lgc_plugin.report.page.train_log import Series
from lgc_plugin.utils.text import printable

Figure = dict[str, Any]
_MARKERS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
_ROW_PIXELS, _SYSTEM_PIXELS = 10, 11
# So many have a mark each.
_FEW_EPOCHS = 10
# With more classes, numbers would not fit their cells.
_MOST_NUMBERED = 24


def figure_text(text: str) -> str:
    """Text that plotly.js shows as it is.

    >>> figure_text("<b>Alarm_bell")
    '&lt;b&gt;Alarm_bell'
    """
    return html.escape(printable(text), quote=False)


def system_color(number: int) -> str:
    """The color of a system; they repeat after six."""
    return f"var(--system-{number % 6})"


def psd_roc_figure(scores: Mapping[str, Score]) -> Figure:
    """Curves of several systems; those without one are left out."""
    traces = []
    for number, (name, score) in enumerate(scores.items()):
        if score.curve is None:
            continue
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": figure_text(f"{name}: {score.value:.3f}"),
                "x": score.curve.efpr.tolist(),
                "y": score.curve.etpr.tolist(),
                "line": {
                    "shape": "hv",
                    "width": 2,
                    "color": system_color(number),
                },
                "hovertemplate": "%{y:.3f} at %{x:.1f} per hour",
            }
        )
    return _figure(
        traces,
        xaxis={
            "title": {"text": "effective false positives per hour"},
            "rangemode": "tozero",
        },
        yaxis={
            "title": {"text": "effective true positive rate"},
            "rangemode": "tozero",
        },
        height=340,
    )


def per_class_figure(contents: Mapping[str, Mapping], metric: str) -> Figure:
    """A dot for each class and system, with its interval.

    ``contents`` are those of ``results.json`` by system.
    """
    known = {
        name: content.get("per_class", {}).get(metric, {})
        for name, content in contents.items()
    }
    labels = list(dict.fromkeys(x for each in known.values() for x in each))
    traces = []
    for number, (name, values) in enumerate(known.items()):
        shift = (number - (len(known) - 1) / 2) * 0.8 / max(len(known), 1)
        bounds = contents[name].get("per_class_intervals", {}).get(metric, {})
        rows = [i for i, x in enumerate(labels) if values.get(x) is not None]
        shown = [values[labels[i]] for i in rows]
        pairs = [bounds.get(labels[i]) or (None, None) for i in rows]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": figure_text(name),
                "x": shown,
                "y": [i + shift for i in rows],
                "text": [
                    _class_text(labels[i], value, pair)
                    for i, value, pair in zip(rows, shown, pairs, strict=True)
                ],
                "error_x": _error_bars(shown, pairs, number),
                "marker": {
                    "color": system_color(number),
                    "symbol": _MARKERS[number % len(_MARKERS)],
                    "size": 7,
                },
                "hovertemplate": "%{text}",
            }
        )
    row = _ROW_PIXELS + _SYSTEM_PIXELS * len(known)
    return _figure(
        traces,
        xaxis={"range": [-0.01, 1.01], "side": "top"},
        yaxis={
            "tickvals": list(range(len(labels))),
            "ticktext": [_class_name(label) for label in labels],
            "range": [len(labels) - 0.5, -0.5],
            "zeroline": False,
        },
        height=70 + row * len(labels),
        hovermode="closest",
    )


def learning_figure(series: Mapping[str, Series]) -> Figure:
    """One number over the epochs, a line for each run or network."""
    few = max(each.epochs[-1] for each in series.values()) <= _FEW_EPOCHS
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers" if few else "lines",
            "name": figure_text(name),
            "x": each.epochs,
            "y": each.values,
            "line": {"color": system_color(number), "width": 1.8},
            "marker": {"size": 5},
            "hovertemplate": "%{y:.4g}",
        }
        for number, (name, each) in enumerate(series.items())
    ]
    axis: Figure = {"title": {"text": "epoch"}, "tickformat": "d"}
    if few:
        axis["dtick"] = 1
    figure = _figure(
        traces,
        xaxis=axis,
        yaxis={},
        height=220,
    )
    figure["layout"]["showlegend"] = len(series) > 1
    return figure


def confusion_figure(confusion: Confusion) -> Figure:
    """What sounds (rows), and what is detected there (columns)."""
    used = [
        i
        for i in range(len(confusion.labels))
        if confusion.events[i] or confusion.false_alarms[i]
    ]
    names = [_class_name(confusion.labels[i]) for i in used]
    counts = confusion.cross_triggers[used][:, used].tolist()
    texts = [[str(n) if n else "" for n in row] for row in counts]
    hovers = [
        [
            f"{names[column]} is detected {n} times where {names[row]} sounds"
            for column, n in enumerate(counts[row])
        ]
        for row in range(len(used))
    ]
    for place in range(len(used)):
        counts[place][place] = None
    trace = {
        "type": "heatmap",
        "z": counts,
        "zmin": 0,
        "text": texts,
        "customdata": hovers,
        "hovertemplate": "%{customdata}<extra></extra>",
        "colorscale": [[0, "var(--heat-0)"], [1, "var(--heat-1)"]],
        "hoverongaps": False,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    if len(used) <= _MOST_NUMBERED:
        trace["texttemplate"] = "%{text}"
    places = list(range(len(used)))
    axis = {
        "tickvals": places,
        "ticktext": names,
        "showgrid": False,
        "zeroline": False,
    }
    return _figure(
        [trace, _found_events(confusion, used, names)],
        xaxis={**axis, "side": "top", "tickangle": -90},
        yaxis={**axis, "autorange": "reversed"},
        height=150 + 30 * len(used),
        hovermode="closest",
        showlegend=False,
    )


def _found_events(
    confusion: Confusion, used: Sequence[int], names: Sequence[str]
) -> Figure:
    """What is written on the diagonal."""
    pairs = [(confusion.found[i], confusion.events[i]) for i in used]
    places = list(range(len(used)))
    return {
        "type": "scatter",
        "mode": "text" if len(used) <= _MOST_NUMBERED else "markers",
        "marker": {"color": "var(--quiet)", "size": 4},
        "x": places,
        "y": places,
        "text": [f"{found}/{events}" for found, events in pairs],
        "textfont": {"color": "var(--ink)"},
        "customdata": [
            f"{found} of {events} events of {name} found"
            for (found, events), name in zip(pairs, names, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _class_name(label: str) -> str:
    return figure_text(label.replace("_", " "))


def _class_text(
    label: str, value: float, bounds: Sequence[float | None]
) -> str:
    low, high = bounds
    shown = f"{_class_name(label)}: {value:.3f}"
    known = low is not None and high is not None
    return f"{shown} [{low:.3f}, {high:.3f}]" if known else shown


def _error_bars(
    values: Sequence[float],
    bounds: Sequence[Sequence[float | None]],
    number: int,
) -> Figure:
    """Intervals around values, as plotly.js has them."""
    high = [
        0 if top is None else max(top - value, 0)
        for value, (_, top) in zip(values, bounds, strict=True)
    ]
    low = [
        0 if bottom is None else max(value - bottom, 0)
        for value, (bottom, _) in zip(values, bounds, strict=True)
    ]
    return {
        "type": "data",
        "symmetric": False,
        "array": high,
        "arrayminus": low,
        "color": system_color(number),
        "thickness": 1.5,
        "width": 0,
    }


def _figure(traces: list[Figure], **layout: Any) -> Figure:
    return {
        "data": traces,
        "layout": {
            "hovermode": "x unified",
            "dragmode": False,
            "showlegend": len(traces) > 1,
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
            },
            "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
            **layout,
            "xaxis": {"automargin": True, **layout["xaxis"]},
            "yaxis": {"automargin": True, **layout["yaxis"]},
        },
    }
