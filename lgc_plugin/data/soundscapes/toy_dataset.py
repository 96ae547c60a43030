"""The soundscapes that stand in where no data set is given."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict
from pathlib import Path

from lgc_plugin.data.soundscapes.generate import write_soundscapes
from lgc_plugin.data.soundscapes.options import SoundscapeOptions
from lgc_plugin.data.soundscapes.plan import DESCRIPTION

logger = logging.getLogger(__name__)


def toy_root(folder: str | Path, options: SoundscapeOptions) -> Path:
    """Where the toy dataset of some options lies.

    Arguments
    ---------
    folder : str or Path
        Where all of them are kept.
    options : SoundscapeOptions
        What they are to be like.

    Returns
    -------
    Path
        Other options give another folder.
    """
    request = json.dumps(asdict(options), sort_keys=True)
    digest = hashlib.sha256(request.encode()).hexdigest()[:8]
    return Path(folder) / f"soundscapes-{digest}"


def make_toy_dataset(
    folder: str | Path,
    options: SoundscapeOptions,
    *,
    n_jobs: int | None = None,
    progress: bool = True,
) -> Path:
    """Soundscapes of the sounds made by code, generated once.

    Arguments
    ---------
    folder : str or Path
        Where data sets of this kind are kept; one with these options is
        looked for there, and made if it is missing.
    options : SoundscapeOptions
        What they are to be like.
    n_jobs : int, optional
        Worker processes; None takes every core.
    progress : bool
        Whether progress bars are shown.

    Returns
    -------
    Path
        Root of the data set.
    """
    root = toy_root(folder, options)
    # That file is written last, into a folder that appears when it is whole.
    if (root / DESCRIPTION).is_file():
        logger.info("Toy dataset: using %s", root)
        return root
    logger.info("Toy dataset: generating it in %s", root)
    return write_soundscapes(
        None, root, options, n_jobs=n_jobs, progress=progress
    )
