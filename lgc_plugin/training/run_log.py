"""What a run logs: the numbers of each epoch, and the energy it takes."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from speechbrain.utils.distributed import get_rank, run_on_main
from speechbrain.utils.train_logger import TensorboardLogger, TrainLogger

from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.report.text import METRIC_NAMES
from lgc_plugin.training.selection import BY_EVENTS, Selection
from lgc_plugin.utils.files import explain_full_disk, write_text
from lgc_plugin.utils.text import printable

logger = logging.getLogger(__name__)


class _Printable(logging.Formatter):
    """Shows the lines of a message, whatever names of files are in it."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(printable, super().format(record).split("\n")))


def start_log() -> None:
    """Logs to standard error; of several processes, only the main one does."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Printable("%(message)s"))
    level = logging.ERROR if get_rank() else logging.INFO
    logging.basicConfig(level=level, handlers=[handler])


def log_epoch(
    schedule: Mapping[str, float],
    train_stats: Mapping[str, float],
    valid_stats: Mapping[str, float],
    train_logger: TrainLogger,
    tensorboard_logger: TensorboardLogger,
    selection: Selection = BY_EVENTS,
) -> None:
    """Writes the numbers of an epoch; call it on all processes."""
    # Loggers without a file may write elsewhere.
    file = getattr(train_logger, "save_file", None)
    with explain_full_disk(file or "train_log"):
        if file is not None:
            run_on_main(_drop_epochs, args=(Path(file), schedule["epoch"]))
        # A run that is continued at the end of an epoch has no training loss,
        # one without validation clips no scores.
        train_logger.log_stats(
            schedule,
            train_stats or None,
            valid_stats=valid_stats or None,
            verbose=False,
        )
    shown = "".join(
        f", {METRIC_NAMES[name]} on validation: "
        f"student {valid_stats[f'student_{name}_macro']:.3f}, "
        f"teacher {valid_stats[f'teacher_{name}_macro']:.3f}"
        for name in selection.metrics
    )
    loss = train_stats.get("loss", math.nan)
    logger.info(
        "Epoch %d: training loss %.3f%s", schedule["epoch"], loss, shown
    )
    writer = tensorboard_logger.writer
    if writer is None:
        return
    tables = {"schedule": schedule, "train": train_stats, "valid": valid_stats}
    for table, numbers in tables.items():
        for name, number in numbers.items():
            writer.add_scalar(f"{table}/{name}", number, schedule["epoch"])
    writer.flush()


def flat_scores(results: Mapping[str, SEDResult]) -> dict[str, float]:
    """``{"teacher_psds1": ...}`` from results by network."""
    return {
        f"{network}_{name}": number
        for network, result in results.items()
        for name, number in result.flat().items()
    }


def _drop_epochs(file: Path, first: float) -> None:
    """Drops lines that a run which was stopped wrote after its checkpoint."""
    if not file.is_file():
        return
    lines = file.read_text().splitlines(keepends=True)
    kept = [line for line in lines if _epoch_of(line) < first]
    if len(kept) < len(lines):
        write_text(file, "".join(kept))


def _epoch_of(line: str) -> float:
    found = re.match(r"epoch: (\d+)\b", line)
    return int(found[1]) if found else 0


class EnergyMeter:
    """Measures the energy of a block in kWh, through codecarbon if it is there.

    Without codecarbon (``pip install lgc_plugin[energy]``) it does nothing,
    and ``kwh`` stays None. Where the machine shows no power counters,
    codecarbon estimates from the processor's nominal power.

    >>> with EnergyMeter(enabled=False) as meter:
    ...     pass
    >>> meter.kwh is None
    True
    """

    def __init__(self, enabled: bool = True) -> None:
        self.kwh: float | None = None
        self._tracker = _make_tracker() if enabled else None

    def __enter__(self) -> EnergyMeter:
        if self._tracker is not None:
            self._tracker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._tracker is None:
            return
        self._tracker.stop()
        self.kwh = float(self._tracker.final_emissions_data.energy_consumed)
        logger.info("Energy: %.6f kWh", self.kwh)


def _make_tracker() -> Any:
    try:
        from codecarbon import OfflineEmissionsTracker
    except ImportError:
        return None
    # The country only matters for the emissions, which are not reported: a
    # question to a web service would be one way for a training to fail.
    return OfflineEmissionsTracker(
        country_iso_code="FRA",
        save_to_file=False,
        log_level="error",
        allow_multiple_runs=True,
    )
