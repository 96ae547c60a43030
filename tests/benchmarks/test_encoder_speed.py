"""The benchmark of encoders: measures, summarizes, reports."""

from __future__ import annotations

import json

import encoder_speed
import encoder_variants
import pytest
from encoder_speed import format_table, main, parse, summarize
from encoder_variants import VARIANTS
from random_encoder import RandomEncoder


def run_of(seconds, **changed):
    """What a round finds, of 240 s of audio."""
    found = {"size": 512, "frames_per_second": 6.25, "seconds": seconds}
    found |= {"cpu_seconds": 2 * seconds, "load_seconds": 1.0}
    return {**found, "n_bytes": 4_800_000, "peak_mib": 900.0, **changed}


def test_rows_are_of_the_best_round():
    options = parse(["--encoders=yamnet,beats"])
    runs = {
        "yamnet": [run_of(8.0), run_of(4.0, peak_mib=950.0)],
        "beats": [{"failed": "ImportError: no transformers"}],
    }
    rows = summarize(options, runs)
    assert (rows[0].speed, rows[0].core_speed) == (60.0, 30.0)
    first, second = format_table(rows).splitlines()[2:]
    assert first == (
        "| YAMNet, layer 8 | random | 512 | 6.25 | 4.0 | 60.0 | 30.0 | 72.0 "
        "| 950 |"
    )
    assert second.startswith("| BEATs |  | failed: ImportError: no tra")


def test_noise_is_embedded(monkeypatch):
    monkeypatch.setattr(
        encoder_variants.Variant, "make", lambda *_: RandomEncoder(size=4)
    )
    found = encoder_speed.embed_noise("beats", None, 3, 0.5, "cpu", 0)
    assert found["size"] == 4 and found["frames_per_second"] == 10
    assert found["n_bytes"] > 3 * 2 * 4 * 5  # embeddings, and what is beside
    assert found["seconds"] > 0 and found["cpu_seconds"] > 0


def test_results_are_written_and_failures_are_told(
    monkeypatch, tmp_path, capsys
):
    def measure(variant, options):
        return run_of(4.0) if variant.name == "ast" else {"failed": "none"}

    monkeypatch.setattr(encoder_speed, "measure", measure)
    output = tmp_path / "a.json"
    words = ["--clips=2", f"--output={output}", "--encoders"]
    assert main([*words, "ast"]) == 0
    content = json.loads(output.read_text())
    assert content["benchmark"] == "encoder_speed" and content["clips"] == 2
    assert content["rows"][0]["speed"] == 5.0
    assert main([*words, "ast,beats"]) == 1
    assert "failed: none" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--encoders=vggish"],
        ["--weights=vggish=a"],
        ["--weights=yamnet=/no/such"],
        ["--clips=0"],
        ["--quick", "--write"],
    ],
)
def test_wrong_options_are_refused(words):
    with pytest.raises(SystemExit):
        parse(words)


def test_every_encoder_has_a_name_of_its_own():
    names = [each.name for each in VARIANTS]
    assert len(set(names)) == len(names)
