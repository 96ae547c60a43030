"""Checks a data set, all files of it, before it is trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lgc_plugin.data.annotations import ReadOptions
from lgc_plugin.data.checks import audio_checks, label_checks
from lgc_plugin.data.checks.findings import ERROR, Finding
from lgc_plugin.data.checks.items import Collection, read_collection
from lgc_plugin.data.checks.measure import measure_content
from lgc_plugin.utils.parallel import parallel_map

Check = Callable[[Collection, audio_checks.Content], list[Finding]]

#: By what is checked, in the order of the report.
CHECKS: dict[str, Check] = {
    "decoding": audio_checks.check_decoding,
    "lengths": audio_checks.check_lengths,
    "sample rates": audio_checks.check_rates,
    "values": audio_checks.check_values,
    "silence": audio_checks.check_silence,
    "clipping": audio_checks.check_clipping,
    "copies": audio_checks.check_copies,
    "event times": label_checks.check_ends,
    "short events": label_checks.check_short_events,
    "labels": label_checks.check_labels,
    "sets": label_checks.check_sets,
}


@dataclass(frozen=True)
class Report:
    """What was checked, and what was found."""

    data: str
    prepared: bool
    #: Files and minutes of each set.
    sets: dict[str, tuple[int, float]]
    labels: tuple[str, ...]
    findings: tuple[Finding, ...]
    #: How the annotation was understood, in sentences.
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; some may be odd."""
        return all(found.level != ERROR for found in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "data": self.data,
            "prepared": self.prepared,
            "passed": self.passed,
            "sets": {
                name: {"files": n_files, "minutes": round(minutes, 4)}
                for name, (n_files, minutes) in self.sets.items()
            },
            "labels": list(self.labels),
            "checks": list(CHECKS),
            "findings": [asdict(found) for found in self.findings],
            "notes": list(self.notes),
        }


def verify_data(
    data: str | Path,
    annotations: Sequence[str | Path] = (),
    reading: ReadOptions | None = None,
    *,
    frame_seconds: float | None = None,
    n_jobs: int | None = None,
    progress: bool = True,
) -> Report:
    """Decodes every file, and checks what the data set says of it."""
    found = read_collection(Path(data), annotations, reading)
    if frame_seconds is not None:
        found = replace(found, frame_seconds=frame_seconds)
    paths = list(dict.fromkeys(item.path for item in found.items))
    measured = parallel_map(
        measure_content,
        paths,
        n_jobs=n_jobs,
        description="decoding",
        unit="file",
        progress=progress,
    )
    by_path = dict(zip(paths, measured, strict=True))
    content = {item: by_path[item.path] for item in found.items}
    sets = {name: (0, 0.0) for name in found.sets}
    for item, each in content.items():
        n_files, minutes = sets[item.set]
        sets[item.set] = n_files + 1, minutes + each.seconds / 60
    labels = found.labels or tuple(
        sorted({event.label for event in label_checks.all_events(content)})
    )
    findings = [x for check in CHECKS.values() for x in check(found, content)]
    return Report(
        str(data),
        found.prepared,
        sets,
        labels,
        tuple(findings),
        found.notes,
    )
