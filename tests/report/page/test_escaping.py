"""Names of strangers in a page, and what its scripts are."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from html_reader import Reader
from lgc_plugin.report.page import html_page
from lgc_plugin.report.page.html_page import write_report
from report_cases import make_run

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\" onload='x()' ]]> {{ 7*7 }} %{x}",
    "a\u2028b\u202e\x07&lt;&amp;",
)


def test_what_is_inlined_does_not_end_its_script():
    scripts = ("events", "lanes", "clips", "plots", "theme")
    for text in (
        html_page._plotly(),
        *(html_page._inline(f"{name}.js") for name in scripts),
    ):
        assert not re.search("</script|<!--", text, re.IGNORECASE)
    assert "</style" not in html_page._inline("page.css")


@pytest.mark.usefixtures("small")
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    label=st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=12),
    key=st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=12),
)
def test_text_of_strangers_stays_text(tmp_path_factory, label, key):
    folder = tmp_path_factory.mktemp("run")
    scores = {
        key: {
            "psds1": 0.25,
            "per_class": {"psds1": {label: 0.5}},
            "clips_scored": 1,
        }
    }
    content = {"scores": scores, "seed": label, "versions": {label: key}}
    content |= {"data_folder": label, "coverage": {label: [1, 2]}}
    content |= {"command": key, "inputs": {key: [label]}}
    (folder / "results.json").write_text(json.dumps(content))
    file = write_report([folder], folder / "a.html", names=[label])
    plain = write_report(
        [make_plain(folder)], folder / "plain.html", names=["plain"]
    )
    reader, other = Reader(file.read_text()), Reader(plain.read_text())
    assert [x for x, _ in reader.tags] == [x for x, _ in other.tags]
    (figure,) = reader.data("figure-data")
    (shown,) = figure["layout"]["yaxis"]["ticktext"]
    assert "<" not in shown
    assert html_page.printable(label) in "".join(reader.texts)


def make_plain(folder):
    """The same results with names of letters alone."""
    plain = folder / "plain"
    plain.mkdir()
    scores = {"a": {"psds1": 0.25, "per_class": {"psds1": {"b": 0.5}}}}
    content = {"scores": scores, "seed": "b", "versions": {"b": "a"}}
    content |= {"data_folder": "b", "coverage": {"b": [1, 2]}}
    content |= {"command": "a", "inputs": {"a": ["b"]}}
    (plain / "results.json").write_text(json.dumps(content))
    return plain


@pytest.mark.usefixtures("small")
def test_hostile_names_of_clips_and_classes_stay_text(tmp_path):
    label = "<b>x</b></script>"
    run = make_run(
        tmp_path / "run", 3, (label, "Dog"), resamples=0, prefix="<i>&"
    )
    reader = Reader(write_report([run], tmp_path / "a.html").read_text())
    assert not {"b", "i"} & {tag for tag, _ in reader.tags}
    data = reader.data("clip-data")
    assert data["systems"][0]["labels"] == [label, "Dog"]
    text = "".join(reader.texts)
    assert "<i>&0000.wav" in text and label in text
