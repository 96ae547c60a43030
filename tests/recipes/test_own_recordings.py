"""From one's own recordings to a detector, as the page describes it."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile

from forked import QUICK, ROOT, Script
from left_out_terms import leave_out_terms
from lgc_plugin.cli.main import main
from lgc_plugin.data.clip_sets import share_out
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.types import LabelKind
from own_recordings import is_own, load_own

PAGE = (ROOT / "docs" / "own_recordings.md").read_text()
RATE = 8000
# For a network that learns nothing, in seconds.
SMALL = """
    --device=cpu --number_of_steps=3 --number_of_epochs=2 --rampup_epochs=1
    --contrast_start_epoch=1 --filters=[2,2,2,2,2,2,2] --rnn_size=4
    --rnn_layers=1 --embedding_dim=4 --num_workers=0 --data_cache=memory
    --n_thresholds=3 --n_bootstrap=0 --measure_energy=false
    --balance_classes=true --decision_threshold=0.3
""".split()
SIZES = {"strong": 12, "weak": 12, "unlabeled": 24}


def record(path, seed, seconds=5.0):
    """Tones in noise; gives them as labels of Audacity."""
    rng = np.random.default_rng(seed)
    wav = rng.normal(0, 0.01, round(seconds * RATE))
    lines = []
    for onset in np.arange(0.5, seconds - 1, 1.0):
        label, pitch = [("robin", 1000), ("wren", 2500)][rng.integers(2)]
        place = slice(round(onset * RATE), round((onset + 0.3) * RATE))
        time = np.arange(place.stop - place.start) / RATE
        wav[place] += 0.3 * np.sin(2 * np.pi * pitch * time)
        lines.append(f"{onset:.6f}\t{onset + 0.3:.6f}\t{label}\n")
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, wav, RATE)
    return "".join(lines)


def commands():
    section = PAGE.split("\n## From labels to a detector\n")[1].split("\n## ")
    blocks = re.findall(r"^ +```\n(.*?)^ +```$", section[0], re.M | re.S)
    return [shlex.split(line) for block in blocks for line in block.split("\n")]


def test_the_page_leads_from_labels_to_labels(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("hparams", "recipes"):
        Path(name).symlink_to(ROOT / name)
    Path("labels").mkdir()
    for number in range(6):
        labels = record(Path(f"recordings/pond_{number}.wav"), number)
        if number < 4:
            Path(f"labels/pond_{number}.txt").write_text(labels)
    record(Path("new_recordings/day_2.wav"), seed=9)
    for command, *words in filter(None, commands()):
        if command == ".venv/bin/python":
            done = Script([*words, *SMALL], cwd=tmp_path).wait()
            assert done.returncode == 0, done.stderr[-3000:]
        else:
            assert command == ".venv/bin/lgc-sed"
            options = {
                "dataset": ["--clip-seconds=1", "--n-jobs=1"],
                "verify": ["--n-jobs=1"],
                "detect": ["--device=cpu"],
            }
            status = main([*words, *options[words[0]]])
            assert status == 0, capsys.readouterr().err
    assert "2 epochs of 2 steps" in done.stderr
    run = Path("results/own_recordings/42")
    log = (run / "train_log.txt").read_text()
    assert log.count("epoch: ") == 2
    assert json.loads((run / "settings.json").read_text())["labels"] == [
        "robin",
        "wren",
    ]
    results = json.loads((run / "results.json").read_text())
    assert results["profile"] == "strict"
    # The next round.
    Path("new_recordings/day_2.wav").rename("recordings/day_2.wav")
    (found,) = Path("detected").iterdir()
    found.rename(Path("labels") / found.name)
    again = "dataset recordings --annotations labels --output again"
    assert main([*again.split(), "--clip-seconds=1", "--n-jobs=1"]) == 0
    described = json.loads(Path("again/dataset.json").read_text())
    assert "day_2.wav" in str(described["splits"])


def small_run(data, output, *words):
    """The recipe on a data set; a process that is finished."""
    files = ["lgc.yaml", "own_recordings.yaml"]
    paths = [f"{ROOT}/hparams/{files[0]}"]
    paths += [f"--overrides={ROOT}/hparams/{files[1]}"]
    paths += [f"--overrides={data}/settings.yaml", f"--data_folder={data}"]
    script = f"{ROOT}/recipes/OwnRecordings/train.py"
    words = [script, *paths, f"--output_folder={output}", *SMALL, *words]
    done = Script(words, before=QUICK).wait()
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    """Recordings in folders of classes; and one of no class."""
    folder = tmp_path_factory.mktemp("tagged")
    (folder / "in").mkdir()
    for number in range(8):
        label = ("robin", "wren")[number % 2]
        record(folder / f"in/{label}/{number}.wav", number, 1 + number % 4)
    record(folder / "in/night.wav", 9)
    return folder


def make_tagged(folder, name, *words):
    command = f"dataset {folder}/in --tags folders --output {folder}/{name}"
    options = ["--clip-seconds=2", "--n-jobs=1", "--quiet", *words]
    assert main([*command.split(), *options]) == 0
    return folder / name


def test_tags_alone_find_the_best_epoch_and_are_tested(tagged):
    data, run = make_tagged(tagged, "data"), tagged / "run"
    log = small_run(data, run, "--batch_sizes={weak: 2, unlabeled: 4}")
    assert "A batch has no strong, 2 weak, 4 unlabeled" in log
    assert "No clip is strongly labeled: the frame loss is" in log
    assert "highest clip F1 of the teacher is kept" in log
    assert "The test set has tags alone: only clips are" in log
    scores = json.loads((run / "results.json").read_text())["scores"]
    for network in ("student", "teacher"):
        numbers = {k: v for k, v in scores[network].items() if k[:4] == "clip"}
        assert {"clip_f1_macro", "clip_ap_macro"} < set(numbers)
        assert not any("psds" in name for name in scores[network])
    (checkpoint,) = (run / "save").glob("CKPT*/CKPT.yaml")
    assert "teacher_clip_f1_macro" in checkpoint.read_text()
    page = (run / "report.html").read_text()
    assert "the clips of test have tags alone, no events" in page
    # The same test again, of clips that are longer than those of training.
    before = (run / "results.json").read_text()
    small_run(data, run, "--batch_sizes={weak: 2, unlabeled: 4}", "--test_only")
    again = json.loads((run / "results.json").read_text())
    assert again["scores"] == json.loads(before)["scores"]


def test_without_clips_to_score_the_last_epoch_is_kept(tagged):
    shares = ["--valid-share=0", "--test-share=0"]
    data = make_tagged(tagged, "all_trained", *shares)
    run = tagged / "last"
    words = ["--batch_sizes={weak: 4}", "--write_report=false"]
    log = small_run(data, run, *words)
    assert "no validation clips: the last epoch is kept" in log
    assert "There is no test set: nothing is scored" in log
    (checkpoint,) = (run / "save").glob("CKPT*/CKPT.yaml")
    assert "epoch: 2\n" in checkpoint.read_text()
    assert (run / "model" / "teacher.pt").is_file()
    assert not (run / "results.json").exists()


@pytest.fixture
def own(tmp_path):
    """Makes a data set of some sets, each of two clips."""

    def make(*sets):
        folder = tmp_path / "manifests"
        manifests = {}
        for name in sets:
            row = ClipRow("a", 1.0, "$data_root/a.wav", LabelKind.NONE)
            manifests[name] = folder / f"{name}.csv"
            write_manifest([row], manifests[name])
        data = Preparation(manifests, ("Cat", "Dog"), Path(".."), {})
        data.save(folder)
        (tmp_path / "dataset.json").write_text('{"sample_rate": 48000}')
        (tmp_path / "settings.yaml").write_text(
            "sample_rate: 48000\nhop_length: 99\n"
        )
        return tmp_path

    return make


def settings(**changes):
    return {
        "sample_rate": 48000,
        "labels": ["Cat", "Dog"],
        "batch_sizes": SIZES,
        "contrast_weight": 0.1,
        "ict_weight": 2,
        "time_mask": True,
        "hop_length": 99,
        **changes,
    }


@pytest.mark.parametrize(
    ("kinds", "sizes"),
    [
        ("strong weak unlabeled", (12, 12, 24)),
        ("strong unlabeled", (16, 0, 32)),
        ("weak unlabeled", (0, 16, 32)),
        ("strong weak", (24, 24, 0)),
        ("strong", (48, 0, 0)),
    ],
)
def test_absent_sets_leave_their_share(own, caplog, kinds, sizes):
    caplog.set_level("INFO")
    names = [f"train_{kind}" for kind in kinds.split()]
    folder = own(*names, "valid_strong")
    assert is_own(folder) and not is_own(folder / "manifests")
    found = settings()
    data = load_own(folder, found)
    leave_out_terms(found)
    assert tuple(found["batch_sizes"].values()) == sizes
    assert sum(sizes) == sum(SIZES.values())
    assert found["contrast_weight"] == (0.0 if kinds == "strong" else 0.1)
    assert bool(found["ict_weight"]) == ("unlabeled" in kinds)
    assert found["time_mask"] == ("strong" in kinds)
    assert data.data_root == folder and set(data.manifests) > set(names)
    weak = sizes[1] or "no"
    untrained = "No clip is weakly labeled: the clip loss is left out"
    assert (untrained in caplog.text) == (not sizes[1])
    assert f"A batch has {sizes[0] or 'no'} strong, {weak} weak" in caplog.text
    # What is 0 stays so.
    zero = share_out({**SIZES, "unlabeled": 0}, names)
    assert zero["unlabeled"] == 0


def test_settings_that_were_forgotten_are_named(own, caplog):
    folder = own("train_strong", "valid_strong")
    load_own(folder, settings())
    assert "are not those" not in caplog.text
    load_own(folder, settings(hop_length=256))
    assert "settings.yaml): hop_length is 256, not 99" in caplog.text
    assert "without effect" not in caplog.text
    load_own(folder, settings(), {"data_paths": {}, "lr": 1, "skip_prep": 1})
    assert "not prepared again: data_paths, skip_prep" in caplog.text


@pytest.mark.parametrize(
    ("sets", "changes", "message"),
    [
        ("valid_strong", {}, "there is no training set with a share"),
        (
            "train_strong valid_strong",
            {"sample_rate": 16000},
            "have 48000 Hz, sample_rate is 16000: add --overrides=",
        ),
        (
            "train_strong valid_strong",
            {"labels": ["Cat"]},
            "the classes are Cat, Dog, labels are Cat",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(own, sets, changes, message):
    with pytest.raises(ValueError, match=message):
        load_own(own(*sets.split()), settings(**changes))
