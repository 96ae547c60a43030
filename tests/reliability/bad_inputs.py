"""A folder with good input for every command, and what may be wrong with it."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from detect_cases import write_small_model, write_sound
from scoring_files import frame_scores, write_detections, write_truth

HEADER = "filename\tonset\toffset\tevent_label\n"
SCORE = "evaluate --predictions {found} --n-bootstrap 0 --no-figures --output out"
EVALUATE = f"{SCORE} --ground-truth {{truth}} --durations lengths.txt"
FILES = {"found": "events.tsv", "truth": "truth.txt"}
DETECT = "detect {audio} --model model --device cpu --output events.out.tsv"


def make_place(folder: Path) -> None:
    """Whole files of every kind that the commands read."""
    folder.mkdir(exist_ok=True)
    write_truth(folder)
    write_detections(folder / "points", thresholds=(0.3, 0.5))
    (folder / "points" / "predictions_th_0.50.tsv").rename(folder / "events.tsv")
    frame_scores().save(folder / "scores.npz")
    write_small_model(folder / "model")
    write_sound(folder / "good.wav")
    (folder / "bank" / "foreground" / "Cat").mkdir(parents=True)
    (folder / "bank" / "background").mkdir()


@dataclass
class Bad:
    """One kind of bad input and the sentence that is expected."""

    name: str
    #: Words of the command, with places for the files that it reads
    words: str
    #: What the line on standard error has to match
    expected: str
    #: Files that are written first
    files: dict[str, bytes | str] = field(default_factory=dict)
    status: int = 2

    def write(self, folder: Path) -> list[str]:
        """Writes the files; returns the words."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                content = content.encode()
            path.write_bytes(content)
        return self.words.split()


def truth(name: str, content: bytes | str, expected: str) -> Bad:
    """Bad annotations."""
    words = EVALUATE.format(found="events.tsv", truth="bad.tsv")
    return Bad(f"truth: {name}", words, f"bad.tsv.*{expected}", {"bad.tsv": content})


def found(name: str, content: bytes | str, expected: str) -> Bad:
    """Bad detections."""
    words = EVALUATE.format(found="bad.tsv", truth="truth.txt")
    return Bad(
        f"detections: {name}", words, f"bad.tsv.*{expected}", {"bad.tsv": content}
    )


def lengths(name: str, content: bytes | str, expected: str) -> Bad:
    """Bad durations."""
    words = EVALUATE.format(**FILES).replace("lengths.txt", "bad.tsv")
    return Bad(
        f"durations: {name}", words, f"bad.tsv.*{expected}", {"bad.tsv": content}
    )


def manifest(name: str, content: bytes | str, expected: str) -> Bad:
    """A bad manifest."""
    words = f"{SCORE} --ground-truth bad.csv".format(found="events.tsv")
    return Bad(f"manifest: {name}", words, f"bad.csv.*{expected}", {"bad.csv": content})


def scores(name: str, content: bytes | str, expected: str) -> Bad:
    """A bad archive of frame scores."""
    words = EVALUATE.format(found="bad.npz", truth="truth.txt")
    return Bad(f"scores: {name}", words, f"bad.npz.*{expected}", {"bad.npz": content})


def tsv_scores(name: str, content: bytes | str, expected: str) -> Bad:
    """Bad frame scores of a clip."""
    words = EVALUATE.format(found="tsv", truth="truth.txt")
    good = "onset\toffset\tCat\n0.0\t0.5\t0.1\n"
    files = {"tsv/00.tsv": good, "tsv/01.tsv": content}
    return Bad(f"score TSV: {name}", words, f"01.tsv.*{expected}", files)


def tuned(name: str, content: bytes | str, expected: str) -> Bad:
    """Bad tuned settings."""
    words = EVALUATE.format(found="scores.npz", truth="truth.txt")
    words += " --settings bad.yaml"
    return Bad(f"tuned: {name}", words, f"bad.yaml.*{expected}", {"bad.yaml": content})


def audio(name: str, content: bytes | str, expected: str, suffix="wav") -> Bad:
    """A bad recording."""
    file = f"bad.{suffix}"
    return Bad(
        f"audio: {name}",
        DETECT.format(audio=file),
        f"{file}.*{expected}",
        {file: content},
        status=1,
    )


def archive(**arrays) -> bytes:
    """An archive of arrays, as NumPy writes it."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def sound(n_samples: int, kind: str = "WAV", **options) -> bytes:
    """A recording in memory."""
    stream = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 0.1, n_samples)
    soundfile.write(stream, noise, options.pop("rate", 16000), format=kind, **options)
    return stream.getvalue()


def wav_of(rate: int, n_bytes: int) -> bytes:
    """A WAV file whose header claims a rate and a size."""
    samples = bytes(32000)
    return b"".join(
        (
            b"RIFF" + struct.pack("<I", 36 + n_bytes) + b"WAVE",
            b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate % 2**32, 2, 16),
            b"data" + struct.pack("<I", n_bytes) + samples,
        )
    )


ROW = "00.wav\t1.0\t2.0\tCat\n"
COLUMNS = "ID,duration,wav,label_kind,events,tags\n"
NPZ = dict(
    labels=np.array(["Cat", "Cow", "Dog"]),
    clips=np.array(["00.wav", "01.wav"]),
    scores=np.zeros((2, 3, 4), np.float32),
    valid_frames=np.array([4, 4]),
    edges=np.arange(5.0),
)
TUNED = (
    "median_windows: {Cat: 3, Cow: 3, Dog: 3}\ndecision_threshold: 0.5\n"
    "tuned_on: {metric: psds1, frame_seconds: 0.1, ground_truth: v.tsv, "
    "clips: [x.wav]}\n"
)
BAD: Sequence[Bad] = (
    truth("empty", "", "empty|no column|no text"),
    truth("binary", bytes(range(256)), "UTF-8|NUL|no column|null"),
    truth("Latin-1", (HEADER + "00.wav\t1\t2\tBär\n").encode("latin-1"), "UTF-8"),
    truth("without a column", "filename\tonset\toffset\n00.wav\t1\t2\n", "event_label"),
    truth("spaces for tabs", (HEADER + ROW).replace("\t", " "), "tab|column"),
    truth("a word for a number", HEADER + "00.wav\tone\t2\tCat\n", "row 2.*one"),
    truth("NaN", HEADER + "00.wav\tnan\t2\tCat\n", "row 2.*nan"),
    truth("infinity", HEADER + "00.wav\t1\tinf\tCat\n", "row 2.*inf"),
    truth("negative", HEADER + "00.wav\t-1\t2\tCat\n", "row 2.*-1"),
    truth("ends before its onset", HEADER + "00.wav\t3\t2\tCat\n", "row 2"),
    truth("a field too many", HEADER + "00.wav\t1\t2\tCat\tx\n", "row 2"),
    truth("a field too few", HEADER + "00.wav\t1\t2\n", "row 2"),
    truth("a clip without duration", HEADER + ROW.replace("00", "zz"), "zz.wav"),
    Bad(
        "truth: none",
        EVALUATE.format(found="events.tsv", truth="nothing.tsv"),
        "nothing.tsv",
    ),
    Bad(
        "truth: a folder",
        EVALUATE.format(found="events.tsv", truth="points"),
        "points",
    ),
    lengths("a clip twice", "filename\tduration\n00.wav\t1\n00.wav\t2\n", "00.wav"),
    lengths("zero", "filename\tduration\n00.wav\t0\n", "row 2.*0"),
    lengths("a word", "filename\tduration\n00.wav\tten\n", "row 2.*ten"),
    lengths("NaN", "filename\tduration\n00.wav\tnan\n", "row 2.*nan"),
    lengths("without a column", "filename\tlength\n00.wav\t10\n", "duration"),
    found("empty", "", "empty|no column|no text|event"),
    found("Latin-1", (HEADER + "00.wav\t1\t2\tBär\n").encode("latin-1"), "UTF-8"),
    found("NaN", HEADER + "00.wav\tnan\t2\tCat\n", "nan"),
    found("a word", HEADER + "00.wav\t1\ttwo\tCat\n", "two"),
    found("ends before its onset", HEADER + "00.wav\t3\t2\tCat\n", "row 2|onset"),
    found("without a column", "filename\tonset\n00.wav\t1\n", "offset"),
    Bad(
        "detections: none",
        EVALUATE.format(found="nothing", truth="truth.txt"),
        "nothing",
    ),
    manifest("empty", "", "column|no "),
    manifest("a row cut off", COLUMNS + "00,10.0,00.wav,str", "row 2"),
    manifest("a clip twice", COLUMNS + 2 * "00,9.0,00.wav,none,,\n", "row 3.*00"),
    manifest("an unknown kind", COLUMNS + "00,9.0,00.wav,some,,\n", "row 2.*some"),
    manifest("a bad event", COLUMNS + "00,9.0,00.wav,strong,1:x:Cat,\n", "row 2"),
    manifest("binary", COLUMNS.encode() + b"\xff\xfe\x00", "UTF-8|row 2"),
    scores("no archive", b"text", "no frame scores|archive|zip"),
    scores("empty", b"", "no frame scores"),
    scores("cut off", archive(**NPZ)[:-40], "no frame scores"),
    scores("without scores", archive(labels=NPZ["labels"]), "clips|scores"),
    scores(
        "objects",
        archive(**{**NPZ, "labels": np.array([{}, []], dtype=object)}),
        "no frame scores|labels",
    ),
    scores("NaN", archive(**{**NPZ, "scores": NPZ["scores"] * np.nan}), "NaN|nan"),
    scores("shapes", archive(**{**NPZ, "edges": np.arange(3.0)}), "edges|frames"),
    scores(
        "too many frames",
        archive(**{**NPZ, "valid_frames": np.array([4, 9])}),
        "valid_frames|9",
    ),
    tsv_scores("a word", "onset\toffset\tCat\n0.0\t0.5\tmuch\n", "row 2.*much"),
    tsv_scores("a gap", "onset\toffset\tCat\n0\t1\t0.1\n2\t3\t0.1\n", "row 3"),
    tsv_scores("other classes", "onset\toffset\tDog\n0\t1\t0.1\n", "Dog"),
    tsv_scores("no frame", "onset\toffset\tCat\n", "no frame|no row|01.tsv"),
    tuned("no YAML", "median_windows: [1", "line|no tuned settings"),
    tuned("a list", "[1, 2]\n", "no tuned settings"),
    tuned("an unknown key", TUNED + "more: 1\n", "more"),
    tuned("without a key", "median_windows: {Cat: 3}\n", "decision_threshold"),
    tuned("a key twice", TUNED + "decision_threshold: 0.7\n", "decision_threshold"),
    tuned("too deep", "a: " + "[" * 3000, "levels"),
    tuned("growing aliases", "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10) if i else 1}]\n"
        for i in range(9)
    ), "values|alias"),
    tuned("Latin-1", "a: Bär\n".encode("latin-1"), "UTF-8"),
    audio("text", b"not sound", "cannot be decoded"),
    audio("empty", b"", "cannot be decoded|empty|no samples"),
    audio("no samples", sound(0), "no samples"),
    audio("a rate beyond any sense", wav_of(99_999_989, 32000), "99.?999.?989|rate"),
    audio("half a FLAC", sound(16000, "FLAC")[:9000], "decoded", "flac"),
    Bad("audio: none", DETECT.format(audio="nothing.wav"), "nothing.wav"),
    Bad("audio: an empty folder", DETECT.format(audio="bank"), "bank"),
    Bad(
        "model: none",
        "detect good.wav --model bank --device cpu",
        "bank.*no model|bank",
    ),
    Bad(
        "model: settings are a list",
        "detect good.wav --model strange --device cpu",
        "strange/model.yaml",
        {"strange/model.yaml": "[1]\n", "strange/teacher.pt": b""},
    ),
    Bad(
        "model: an unknown key",
        "detect good.wav --model strange2 --device cpu",
        r"strange2/model.yaml.*(\\x1b|colour|key)",
        {"strange2/model.yaml": "colour: red\n", "strange2/teacher.pt": b""},
    ),
    Bad(
        "options: a threshold above 1",
        f"{DETECT.format(audio='good.wav')} --threshold 7",
        "7",
    ),
    Bad(
        "options: windows of other classes",
        EVALUATE.format(found="scores.npz", truth="truth.txt")
        + " --median-windows Bird=3",
        "Bird",
    ),
    Bad(
        "options: a window beyond any sense",
        EVALUATE.format(found="scores.npz", truth="truth.txt")
        + " --median-windows 100000000000",
        "100000000000|window",
    ),
    Bad(
        "bank: no sounds",
        "soundscapes --bank bank --output made --quiet",
        "Cat.*0 recording|bank",
    ),
    Bad(
        "bank: clips beyond any sense",
        "soundscapes --bank synthetic --output made --clip-seconds 1e9 --quiet",
        "clip.seconds|1e\\+?0?9|1,?000,?000,?000",
    ),
    Bad("export: no run", "export bank --output exported", "bank"),
    Bad(
        "import: no checkpoint",
        "import-checkpoint bad.ckpt --output imported",
        "bad.ckpt.*not a whole checkpoint",
        {"bad.ckpt": b"text"},
    ),
)
