"""Distances of frames against pairwise loops; runs with tiny networks."""

import json
import math
from itertools import product

import embeddings
import numpy as np
import pytest
from ablation_cases import write_runs
from embedding_figure import plot_distances, plot_map, principal_axes
from embedding_frames import Frames, read_frames, sole_classes
from embedding_report import (
    MEAN,
    Distances,
    distance_table,
    make_lines,
    measure_distances,
)

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.manifest import ClipRow
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.types import Event, LabelKind
from lgc_plugin.utils.checksums import write_sums
from model_cases import small_settings, used_network


def slow_mean(vectors, groups, clips, first, second):
    """Mean 1 - cos over pairs of two groups and clips, pair by pair."""
    numbers = []
    for i, j in product(range(len(groups)), repeat=2):
        if (groups[i], groups[j]) == (first, second) and clips[i] != clips[j]:
            a, b = vectors[i], vectors[j]
            cosine = sum(a * b) / math.sqrt(sum(a * a) * sum(b * b))
            numbers.append(1 - cosine)
    return sum(numbers) / len(numbers) if numbers else math.nan


@pytest.mark.parametrize("n_clips", [1, 2, 5])
def test_distances_are_those_of_all_pairs(n_clips):
    rng = np.random.default_rng(n_clips)
    groups = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3])
    clips = rng.permutation(np.arange(len(groups)) % n_clips) * 7
    # Frames of a clip resemble each other, which must not count.
    vectors = rng.normal(size=(len(groups), 4)) + clips[:, None]
    vectors *= rng.uniform(0.1, 9, (len(groups), 1))
    found = measure_distances(vectors, groups, clips, n_classes=3)
    assert found.frames.tolist() == [3, 2, 4, 5]
    for group in range(4):
        means = [
            slow_mean(vectors, groups, clips, group, other)
            for other in range(4)
        ]
        inter = [means[c] for c in range(3) if c != group]
        inter = [number for number in inter if not math.isnan(number)]
        assert found.intra[group] == pytest.approx(means[group], nan_ok=True)
        expected = sum(inter) / len(inter) if inter else math.nan
        assert found.inter[group] == pytest.approx(expected, nan_ok=True)
    assert np.isnan(found.intra).all() == (n_clips == 1)


def test_a_class_of_one_clip_has_no_number():
    vectors = np.eye(4)[[0, 1, 2, 3, 2]]
    found = measure_distances(vectors, [0, 0, 1, 1, 1], [1, 1, 1, 2, 3], 2)
    assert np.isnan(found.intra[0]) and np.isnan(found.ratio[0])
    assert found.inter[0] == pytest.approx(1.0)
    # Of the pairs of three clips, one is the same and two are orthogonal.
    assert found.intra[1] == pytest.approx(2 / 3)
    lines = make_lines(("Cat", "Dog"), [found], [found])
    cat, dog, mean, background = distance_table(lines).splitlines()[2:]
    assert cat == "| Cat | 2 | - | - | 1.000 → 1.000 | +0.000 | - | - |"
    assert dog.startswith("| Dog | 3 | 0.667 → 0.667 |")
    assert mean.startswith(f"| **{MEAN}** | **5** | **0.667 → 0.667** |")
    assert background.startswith("| background | 0 | - |")


def test_only_whole_frames_of_one_class_count():
    encoder = EventEncoder(["Cat", "Dog"], 1.0, 1000, 25, 4)  # 0.1 s
    events = (
        Event(0.15, 0.4, "Cat"),  # 0.1 is begun, 0.2 and 0.3 are whole
        Event(0.6, 0.85, "Dog"),
        Event(0.7, 0.75, "Cat"),
    )
    row = ClipRow("a", 0.95, "a.wav", LabelKind.STRONG, events)
    (groups,) = sole_classes([row], encoder)
    assert groups.tolist() == [2, -1, 0, 0, 2, 2, 1, -1, -1, -1]


def test_seeds_weigh_the_same_and_are_paired():
    frames = np.array([10, 20, 5])

    def seed(*intra):
        return Distances(frames, np.array([*intra, 0.9]), np.ones(3))

    without = [seed(0.4, 0.6), seed(0.2, 0.2), seed(0.3, 0.4)]
    with_term = [seed(0.3, 0.3), seed(0.3, 0.2), seed(0.2, 0.4)]
    lines = {
        line.title: line
        for line in make_lines(("Cat", "Dog"), without, with_term)
    }
    pair = lines[MEAN].measures["intra"]
    assert pair.without == pytest.approx([0.5, 0.2, 0.35])
    assert pair.with_term == pytest.approx([0.3, 0.25, 0.3])
    # Differences -0.2, +0.05, -0.05.
    row = distance_table([lines[MEAN]]).splitlines()[-1].replace("**", "")
    assert "| 0.350 → 0.283 | -0.067 ± 0.126 (2/3) |" in row
    assert lines["background"].measures["intra"].differences == [0, 0, 0]


def test_components_are_those_of_balanced_groups():
    rng = np.random.default_rng(0)
    small, large = rng.normal(size=(4, 3)), rng.normal(size=(8, 3)) + 1
    # Repeating the small group is what the weights stand for.
    twice = np.vstack([small, small, large])
    centered = twice - twice.mean(axis=0)
    _, sizes, expected = np.linalg.svd(centered)
    groups = [0] * 4 + [1] * 8
    center, axes, share = principal_axes(np.vstack([small, large]), groups)
    assert center == pytest.approx(twice.mean(axis=0))
    assert abs(axes @ expected[:2].T) == pytest.approx(np.eye(2), abs=1e-9)
    assert share == pytest.approx(sizes[:2] ** 2 / sum(sizes**2))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation")
    found = [write_runs(folder, ["cutmix", "lgc"], seed) for seed in (1, 2)]
    return folder, sum(found, [])


def test_what_the_classifier_reads(runs):
    run = runs[1][0]
    frames = read_frames(run)
    network = used_network(small_settings(), seed=10)
    assert set(frames.groups) == {0, 1, 3}
    assert np.linalg.norm(frames.projected, axis=1) == pytest.approx(1.0)
    # Head and projection of what was caught give the network's output.
    hidden = frames.hidden
    weight, bias = (p.detach().numpy() for p in network.frame_head.parameters())
    predicted = 1 / (1 + np.exp(-(hidden @ weight.T + bias)))
    tested = FrameScores.load(run.folder / "scores" / "test_teacher.npz")
    known = [tested.of(f"{clip}.wav").T for clip in range(6)]
    places = sole_classes(
        [ClipRow("a", 1.0, "a", LabelKind.STRONG, (Event(0.2, 0.7, "Cat"),))],
        small_settings().encoder(),
    )[0]
    shown = np.vstack([each[places >= 0] for each in known])
    assert predicted == pytest.approx(shown, abs=1e-5)
    weight, bias = (p.detach().numpy() for p in network.projection.parameters())
    projected = hidden @ weight.T + bias
    projected = np.where(projected > 0, projected, 0.2 * projected)
    projected /= np.linalg.norm(projected, axis=1, keepdims=True)
    assert frames.projected == pytest.approx(projected, abs=1e-5)


def test_from_runs_to_table_and_files(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(embeddings, "ABLATION", tmp_path)
    assert embeddings.main(["--folder", str(runs[0]), "--write"]) == 0
    printed = capsys.readouterr().out
    assert "seeds 1, 2" in printed
    assert printed.count("| **mean over classes** |") == 2
    content = json.loads((tmp_path / "embeddings.json").read_text())
    frames = read_frames(runs[1][3])
    expected = slow_mean(frames.hidden, frames.groups, frames.clips, 1, 1)
    numbers = content["hidden"]["by_seed"]["lgc"]["2"]
    assert numbers["Dog"]["intra"] == pytest.approx(expected, abs=1e-6)
    assert numbers["yes"]["intra"] is None
    assert content["hidden"]["means"]["yes"]["ratio"]["seeds"] == 0
    for name in ("embeddings.png", "embedding_map.png"):
        assert (tmp_path / name).stat().st_size > 10_000


def test_what_cannot_be_compared_is_refused(runs, tmp_path, capsys):
    folder = str(runs[0])

    def refused(*words):
        with pytest.raises(SystemExit):
            embeddings.parse([*words])
        return capsys.readouterr().err

    assert "both lgc" in refused("--without", "lgc")
    reported = refused("--folder", folder, "--seeds", "1", "3")
    assert "cutmix on seeds 1, 2, lgc on seeds 1, 2" in reported
    assert "cutmix on no seed" in refused("--folder", str(tmp_path))
    assert embeddings.main(["--folder", folder, "--network", "student"]) == 1
    assert "no network 'student'" in capsys.readouterr().err


def test_other_models_and_other_clips_are_refused(tmp_path, capsys):
    without, with_term = write_runs(tmp_path, ["cutmix", "lgc"], 1)
    words = ["--folder", str(tmp_path)]
    manifest = with_term.folder / "manifests" / "test.csv"
    manifest.write_text(manifest.read_text().replace("0.2:0.7", "0.2:0.4"))
    assert embeddings.main(words) == 1
    assert "test set is not that of the other" in capsys.readouterr().err
    weights = without.folder / "model" / "teacher.pt"
    weights.write_bytes(
        (with_term.folder / "model" / "teacher.pt").read_bytes()
    )
    write_sums(weights.parent)
    assert embeddings.main(words) == 1
    assert "other scores than the model" in capsys.readouterr().err


def test_pictures_of_one_seed_and_many_classes(tmp_path):
    rng = np.random.default_rng(1)
    labels = tuple(f"Class {i}" for i in range(10))
    groups = np.arange(220) % 11
    frames = Frames(labels, rng.normal(size=(220, 6)), None, groups, groups)
    plot_map({"a": frames, "b": frames}, 1, tmp_path / "map.png", dots=5)
    numbers = rng.uniform(size=11)
    found = Distances(np.full(11, 20), numbers, numbers)
    lines = make_lines(labels, [found], [found])
    plot_distances(lines, ("a", "b"), tmp_path / "bells.png")
    for name in ("map.png", "bells.png"):
        assert (tmp_path / name).stat().st_size > 10_000
