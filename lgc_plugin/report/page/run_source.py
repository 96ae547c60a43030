"""The files of a run, or of ``lgc-sed evaluate``, as a report needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from lgc_plugin.data.audio_search import clip_id, search_audio
from lgc_plugin.data.manifest import ROOT_MARK, read_manifest
from lgc_plugin.data.preparation import RECORD
from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import (
    GroundTruth,
    clip_name,
    truth_of_rows,
)
from lgc_plugin.evaluation.operating_point import OperatingPoint
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.postprocess.thresholds import (
    PSDS_THRESHOLDS,
    spaced_thresholds,
)
from lgc_plugin.evaluation.predictions import Predictions
from lgc_plugin.evaluation.system import System
from lgc_plugin.report.page.settings import read_settings
from lgc_plugin.report.page.train_log import TrainLog, read_train_log
from lgc_plugin.types import LabelKind
from lgc_plugin.utils.files import read_json

_RESULTS, _LOG, _SETTINGS = "results.json", "train_log.txt", "hyperparams.yaml"


@dataclass(eq=False)
class RunSource:
    """What is known of a run; what is not is empty, and ``missing`` says why.

    ``results`` is the content of ``results.json``, ``systems`` its networks
    with their frame scores, ``audio`` the files of the clips by name.
    """

    path: Path
    results: Mapping[str, Any] = field(default_factory=dict)
    log: TrainLog = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    systems: dict[str, System] = field(default_factory=dict)
    truth: GroundTruth | None = None
    audio: dict[str, Path] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def read_run(path: str | Path, audio: str | Path | None = None) -> RunSource:
    """Reads a run's folder, or a file ``results.json``.

    Only a path that is no run at all is an error. Other parts that are absent
    or damaged are left out and named in ``missing``. ``audio`` is a folder
    with the clips, at any depth, where they are not where they were.
    """
    path = Path(path)
    file = path / _RESULTS if path.is_dir() else path
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    folder = file.parent
    known = (folder / _LOG).is_file() and path.is_dir()
    if not file.is_file() and not known:
        raise ValueError(
            f"{path}: no run: it holds neither {_RESULTS} nor {_LOG}; give the "
            f"output folder of a run, or a {_RESULTS}"
        )
    source = RunSource(path)
    if file.is_file():
        source.results = read_json(file)
        if not isinstance(source.results.get("scores"), Mapping):
            raise ValueError(
                f"{file}: no results of a run or of lgc-sed evaluate: it has "
                "no scores"
            )
    else:
        source.missing.append(f"scores: there is no {file} yet")
    if "inputs" not in source.results:
        _read_training(source, folder)
        _read_scores(source, folder, _set_name(file))
    find_audio(source, audio)
    return source


def _set_name(results: Path) -> str:
    """Which set of clips a file of results is of."""
    return results.stem.removesuffix("results").rstrip("_") or "test"


def _read_training(source: RunSource, folder: Path) -> None:
    try:
        source.log = read_train_log(folder / _LOG)
    except (OSError, ValueError) as error:
        source.missing.append(f"learning curves: {_reason(error)}")
    try:
        source.settings = read_settings(folder / _SETTINGS)
    except (OSError, ValueError) as error:
        source.missing.append(f"settings: {_reason(error)}")


def _read_scores(source: RunSource, folder: Path, name: str) -> None:
    """The networks' frame scores, and the truth of the clips they are of."""
    networks = source.results.get("scores", {})
    try:
        manifests = _manifests(source, folder)
        record = read_json(manifests / RECORD)
        root = manifests / record["data_root"]
        rows = read_manifest(manifests / f"{name}.csv", root)
        if not any(row.label_kind == LabelKind.STRONG for row in rows):
            raise ValueError(f"the clips of {name} have tags alone, no events")
        profile = source.results.get("profile", "dcase")
        criteria = Criteria.of(source.results.get("criteria", {}))
        truth = truth_of_rows(rows, record["labels"], profile, criteria)
        frames = {
            network: FrameScores.load(
                folder / "scores" / f"{name}_{network}.npz"
            )
            for network in networks
        }
        for network, each in frames.items():
            source.systems[network] = _system(source, each, truth)
    except (OSError, ValueError, KeyError) as error:
        source.systems = {}
        source.missing.append(f"PSD-ROC, confusion and clips: {_reason(error)}")
        return
    scored = {clip for each in frames.values() for clip in each.clips}
    source.truth = truth.restrict(scored)
    source.audio = {
        clip_name(row.id): Path(row.wav)
        for row in rows
        if not row.wav.startswith(ROOT_MARK)
    }


def _manifests(source: RunSource, folder: Path) -> Path:
    """Those of a run, or of a data set that needs no preparation."""
    own = folder / "manifests"
    prepared = Path(source.results.get("data_folder") or folder) / "manifests"
    only_there = not own.exists() and (prepared / RECORD).is_file()
    return prepared if only_there else own


def _system(
    source: RunSource, frames: FrameScores, truth: GroundTruth
) -> System:
    unknown = sorted(set(frames.clips) - truth.clips)
    if unknown or set(frames.labels) != set(truth.labels):
        what = f"clip {unknown[0]!r}" if unknown else "its classes"
        raise ValueError(
            f"frame scores and manifest are of different sets: {what}"
        )
    post_processing = _post_processing(source).for_labels(frames.labels)
    return System(
        Predictions(source.path, frozenset(frames.clips), frames=frames),
        OperatingPoint("", post_processing=post_processing),
    )


def _post_processing(source: RunSource) -> PostProcessing:
    """What the scores of a run were decoded with."""
    count = source.settings.get("n_thresholds", len(PSDS_THRESHOLDS))
    stored = {
        "thresholds": spaced_thresholds(count),
        **source.results,
        **source.results.get("post_processing", {}),
    }
    names = [each.name for each in fields(PostProcessing)]
    return PostProcessing(**{x: stored[x] for x in names if x in stored})


def find_audio(source: RunSource, folder: str | Path | None) -> None:
    """Finds clips by name, where a folder is given."""
    if folder is None or source.truth is None:
        return
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of audio")
    files = {clip_id(x.name): x for x in search_audio(folder).files}
    clips = source.truth.durations.filename
    source.audio = {
        clip: files[clip_id(clip)] for clip in clips if clip_id(clip) in files
    }


def _reason(error: Exception) -> str:
    """What is wrong; of a missing file, which one."""
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"there is no {error.filename}"
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing in {RECORD}"
    return str(error)
