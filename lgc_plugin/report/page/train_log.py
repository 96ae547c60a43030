"""What a run logged of each epoch, read back."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lgc_plugin.utils.text import plain_number, read_text, shortened

_EPOCH = "epoch"
_STAGES = ("train", "valid")


class Series(NamedTuple):
    """One number over the epochs in which it was logged."""

    epochs: list[int]
    values: list[float]


#: By stage ("train", "valid", or "schedule"), then by name.
TrainLog = dict[str, dict[str, Series]]


def read_train_log(path: str | Path) -> TrainLog:
    r"""Reads ``train_log.txt`` as SpeechBrain's ``FileTrainLogger`` writes it.

    An epoch that is there twice counts as its last line has it. A ValueError
    names file, row and value.

    >>> file = getfixture("tmp_path") / "train_log.txt"
    >>> _ = file.write_text("epoch: 1, lr: 1e-3 - train loss: 2.0\n")
    >>> read_train_log(file)["train"]
    {'loss': Series(epochs=[1], values=[2.0])}
    """
    epochs: dict[int, dict[tuple[str, str], float]] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}, row {number}"
        logged = _numbers(line, where)
        epoch = logged.pop(("schedule", _EPOCH), None)
        if epoch is None:
            raise ValueError(f"{where}: no epoch: {shortened(line, 60)!r}")
        epochs[int(epoch)] = logged
    log: TrainLog = {"train": {}, "valid": {}, "schedule": {}}
    for epoch, logged in sorted(epochs.items()):
        for (stage, name), value in logged.items():
            series = log[stage].setdefault(name, Series([], []))
            series.epochs.append(epoch)
            series.values.append(value)
    return log


def _numbers(line: str, where: str) -> dict[tuple[str, str], float]:
    """Numbers of a line by stage and name."""
    found = {}
    for part in line.split(" - "):
        for item in part.split(", "):
            name, colon, text = item.rpartition(": ")
            value = plain_number(text)
            if not colon or (value != value and text.strip() != "nan"):
                raise ValueError(
                    f"{where}: {shortened(item, 60)!r} is not 'name: number'"
                )
            stage, _, rest = name.partition(" ")
            known = stage in _STAGES and rest
            key = (stage, rest) if known else ("schedule", name)
            found[key] = value
    return found
