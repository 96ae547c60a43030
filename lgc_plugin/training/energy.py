"""Energy that a run takes, where the means to measure it are installed."""

from __future__ import annotations

import logging
from types import TracebackType

logger = logging.getLogger(__name__)


class EnergyMeter:
    """Measures the energy of a block in kWh, through codecarbon if it is there.

    Without codecarbon (``pip install lgc_plugin[energy]``) it does nothing,
    and ``kwh`` stays None. Where the machine shows no power counters,
    codecarbon estimates from the processor's nominal power.

    Example
    -------
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


def _make_tracker():
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
