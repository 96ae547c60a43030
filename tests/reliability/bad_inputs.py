"""Bad input of every kind, for the real commands, and what they answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from detect_cases import write_small_model, write_sound
from scoring_files import frame_scores, write_detections, write_truth

SCORE = "evaluate --n-bootstrap 0 --no-figures --output out --predictions"
TRUTH = "--ground-truth truth.txt --durations lengths.txt"
DETECT = "detect --model model --device cpu --output out.tsv"
MIX = "soundscapes --output made --quiet --bank"


def make_place(folder: Path) -> None:
    """Whole files of every kind that the commands read."""
    folder.mkdir(exist_ok=True)
    write_truth(folder)
    points = write_detections(folder / "points", thresholds=(0.3, 0.5))
    (points / "predictions_th_0.50.tsv").rename(folder / "events.tsv")
    frame_scores().save(folder / "scores.npz")
    write_small_model(folder / "model")
    write_sound(folder / "good.wav")
    sounds = folder / "sounds"
    for n, name in enumerate(("foreground/A", "foreground/B", "background")):
        for number in range(6):
            write_sound(sounds / name / f"{number}.wav", 2.5, 10 * n + number)
    (folder / "bank" / "foreground" / "Cat").mkdir(parents=True)
    (folder / "bank" / "background").mkdir()
    (folder / "odd").mkdir()
    (folder / "odd" / "teacher.pt").touch()


@dataclass
class Bad:
    """One kind of bad input and the sentence that is expected."""

    name: str
    #: Words of the command
    words: str
    #: What a line on standard error has to match
    expected: str
    #: Files that are written first
    files: dict[str, bytes] = field(default_factory=dict)
    #: 1 where other recordings of the same command may be good
    status: int = 2


def of_file(kind: str, file: str, words: str) -> Callable[..., Bad]:
    """Bad files of one kind, for a command that reads them."""

    def make(name: str, content: bytes | str, expected: str) -> Bad:
        if isinstance(content, str):
            content = content.encode()
        return Bad(
            f"{kind}: {name}",
            words,
            rf"{file}.*({expected})",
            {file: content},
            status=1 if kind == "audio" else 2,
        )

    return make


truth = of_file(
    "truth",
    "bad.tsv",
    f"{SCORE} events.tsv --ground-truth bad.tsv --durations lengths.txt",
)
lengths = of_file(
    "durations",
    "bad.tsv",
    f"{SCORE} events.tsv --ground-truth truth.txt --durations bad.tsv",
)
found = of_file("detections", "bad.tsv", f"{SCORE} bad.tsv {TRUTH}")
manifest = of_file(
    "manifest", "bad.csv", f"{SCORE} events.tsv --ground-truth bad.csv"
)
scores = of_file("scores", "bad.npz", f"{SCORE} bad.npz {TRUTH}")
table = of_file("score TSV", "00.tsv", f"{SCORE} . {TRUTH}")
tuned = of_file(
    "tuned", "bad.yaml", f"{SCORE} scores.npz {TRUTH} --settings bad.yaml"
)
audio = of_file("audio", "bad.wav", f"{DETECT} bad.wav")
model = of_file(
    "model", "odd/model.yaml", "detect good.wav --model odd --device cpu"
)
checkpoint = of_file(
    "checkpoint", "bad.ckpt", "import-checkpoint bad.ckpt --output imported"
)


def events(row: str) -> str:
    """A table of events; the first fields are in seconds."""
    return f"filename\tonset\toffset\tevent_label\n{row}\n"


def durations(*rows: str) -> str:
    """A table of durations."""
    return "\n".join(["filename\tduration", *rows, ""])


def clips(*rows: str) -> str:
    """A manifest."""
    return "\n".join(["ID,duration,wav,label_kind,events,tags", *rows, ""])


def frames(*rows: str) -> str:
    """Frame scores of a clip."""
    return "\n".join(["onset\toffset\tCat", *rows, ""])


def archive(**changes: np.ndarray | None) -> bytes:
    """Frame scores, as NumPy writes them."""
    arrays = {
        "labels": np.array(["Cat", "Cow", "Dog"]),
        "clips": np.array(["00.wav", "01.wav"]),
        "scores": np.zeros((2, 3, 4), np.float32),
        "valid_frames": np.array([4, 4]),
        "edges": np.arange(5.0),
        **changes,
    }
    stream = io.BytesIO()
    np.savez(stream, **{k: v for k, v in arrays.items() if v is not None})
    return stream.getvalue()


def sound(n_samples: int, kind: str = "WAV") -> bytes:
    """A recording in memory."""
    stream = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 0.1, n_samples)
    soundfile.write(stream, noise, 16000, format=kind)
    return stream.getvalue()


def claimed(rate: int) -> bytes:
    """A WAV file whose header claims a rate."""
    content = bytearray(sound(16000))
    content[24:28] = rate.to_bytes(4, "little")
    return bytes(content)


LATIN = events("00.wav\t1\t2\tBär").encode("latin-1")
ALIASES = "a0: &a0 [1]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)
TUNED = (
    "median_windows: {Cat: 3, Cow: 3, Dog: 3}\ndecision_threshold: 0.5\n"
    "tuned_on: {metric: psds1, frame_seconds: 0.1, ground_truth: v.tsv, "
    "clips: [x.wav]}\n"
)
NAN = np.full((2, 3, 4), np.nan, np.float32)
OBJECTS = np.array([{}, []], dtype=object)
BAD = (
    truth("empty", "", "empty|no column|no text"),
    truth("binary", bytes(range(256)), "UTF-8|NUL|no column"),
    truth("Latin-1", LATIN, "UTF-8"),
    truth("without a column", "filename\tonset\toffset\n", "event_label"),
    truth("spaces for tabs", events("").replace("\t", " "), "tab|column"),
    truth("a word for a number", events("a\tone\t2\tCat"), "row 2.*one"),
    truth("NaN", events("a\tnan\t2\tCat"), "row 2.*nan"),
    truth("infinity", events("a\t1\tinf\tCat"), "row 2.*inf"),
    truth("a negative onset", events("a\t-1\t2\tCat"), "row 2.*-1"),
    truth("the end before the onset", events("a\t3\t2\tCat"), "row 2"),
    truth("a field too many", events("a\t1\t2\tCat\tx"), "row 2"),
    truth("a field too few", events("a\t1\t2"), "row 2"),
    Bad("truth: none", f"{SCORE} points --ground-truth no.tsv", "no.tsv"),
    Bad("truth: a folder", f"{SCORE} points --ground-truth bank", "bank"),
    lengths("not of all clips", durations("00.wav\t9"), "01.wav"),
    lengths("a clip twice", durations("00.wav\t1", "00.wav\t2"), "00.wav"),
    lengths("zero", durations("00.wav\t0"), "row 2.*0"),
    lengths("a word", durations("00.wav\tten"), "row 2.*ten"),
    lengths("NaN", durations("00.wav\tnan"), "row 2.*nan"),
    lengths("without a column", "filename\tlength\n00.wav\t9\n", "duration"),
    found("empty", "", "empty|no column|no text|event"),
    found("Latin-1", LATIN, "UTF-8"),
    found("NaN", events("00.wav\tnan\t2\tCat"), "nan"),
    found("a word", events("00.wav\t1\ttwo\tCat"), "two"),
    found("the end before the onset", events("a\t3\t2\tCat"), "row 2|onset"),
    found("without a column", "filename\tonset\n00.wav\t1\n", "offset"),
    Bad("detections: none", f"{SCORE} nothing {TRUTH}", "nothing"),
    manifest("empty", "", "column|no "),
    manifest("a row cut off", clips("00,10.0,00.wav,str"), "row 2"),
    manifest("a clip twice", clips(*2 * ["0,9,0.wav,none,,"]), "row 3.*0"),
    manifest("an unknown kind", clips("00,9,00.wav,some,,"), "row 2.*some"),
    manifest("a bad event", clips("0,9,0.wav,strong,1:x:Cat,"), "row 2"),
    manifest("binary", clips().encode() + b"\xff\xfe\x00", "UTF-8|row 2"),
    scores("no archive", b"text", "no frame scores"),
    scores("empty", b"", "no frame scores"),
    scores("cut off", archive()[:-40], "no frame scores"),
    scores("without scores", archive(scores=None), "scores"),
    scores("objects", archive(labels=OBJECTS), "no frame scores"),
    scores("NaN", archive(scores=NAN), "NaN"),
    scores("shapes", archive(edges=np.arange(3.0)), "edges|frames"),
    scores("too many frames", archive(valid_frames=np.array([4, 9])), "9"),
    table("a word", frames("0.0\t0.5\tmuch"), "row 2.*much"),
    table("a gap", frames("0\t1\t0.1", "2\t3\t0.1"), "row 3"),
    table("no frame", frames(), "no frame|no row"),
    tuned("no YAML", "median_windows: [1", "line|no tuned settings"),
    tuned("a list", "[1, 2]\n", "no tuned settings"),
    tuned("an unknown key", f"{TUNED}more: 1\n", "more"),
    tuned("without a key", "median_windows: {Cat: 3}\n", "decision_threshold"),
    tuned("a key twice", TUNED + TUNED, "median_windows"),
    tuned("too deep", "a: " + "[" * 3000, "levels"),
    tuned("growing aliases", ALIASES, "values|alias|unknown key"),
    tuned("Latin-1", "a: Bär\n".encode("latin-1"), "UTF-8"),
    audio("text", b"not sound", "cannot be decoded"),
    audio("empty", b"", "cannot be decoded|empty|no samples"),
    audio("no samples", sound(0), "no samples"),
    audio("a rate beyond any sense", claimed(99_999_989), "99,?999,?989"),
    audio("half a FLAC", sound(16000, "FLAC")[:9000], "decoded"),
    Bad("audio: none", f"{DETECT} nothing.wav", "nothing.wav"),
    Bad("audio: an empty folder", f"{DETECT} bank", "bank"),
    model("a list", "[1]\n", "key: value|mapping|settings"),
    model("an unknown key", "format: 1\ncolor: red\n", "color"),
    model("an escape", 'format: 1\n"\\e[2J": 1\n', r"\\x1b|missing"),
    model("too deep", "[" * 3000, "levels"),
    Bad("model: none", "detect good.wav --model bank --device cpu", "bank"),
    checkpoint("text", b"text", "not a whole checkpoint"),
    Bad("options: a threshold", f"{DETECT} good.wav --threshold 7", "7"),
    Bad(
        "options: windows of other classes",
        f"{SCORE} scores.npz {TRUTH} --median-windows Bird=3",
        "Bird",
    ),
    Bad(
        "options: a window beyond any sense",
        f"{SCORE} scores.npz {TRUTH} --median-windows 100000000000",
        "100,?000,?000,?000",
    ),
    Bad("bank: no sounds", f"{MIX} bank", "Cat"),
    Bad(
        "bank: clips beyond any sense",
        f"{MIX} sounds --clip-seconds 1e9",
        "clip.seconds|1e\\+?0?9|1,?000,?000,?000",
    ),
    Bad("export: no run", "export bank --output exported", "bank"),
)
