"""Local and global consistency (LGC) for sound event detection, as SpeechBrain
parts.

A subpackage imports only those before it::

    utils, types -> models -> augment -> data -> losses -> evaluation -> lgc
      -> report -> inference -> training -> cli, recipes

``LGC`` ties teacher, prototypes, ramp and the consistency terms into one
module; ``LGCBrain`` calls it from SpeechBrain's training loop.

The public names are loaded on first use, so that commands which need no
network (and the worker processes of data generation) start without PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lgc_plugin.utils.loading import explained, watch_imports

__version__ = "0.1.0"

_PUBLIC = {
    "Event": "lgc_plugin.types",
    "LabelKind": "lgc_plugin.types",
    "SEDOutput": "lgc_plugin.types",
    "EventEncoder": "lgc_plugin.data.encoder",
    "LogMel": "lgc_plugin.models.features",
    "CRNN": "lgc_plugin.models.crnn",
    "MeanTeacher": "lgc_plugin.models.mean_teacher",
    "PrototypeBank": "lgc_plugin.models.prototypes",
    "PrototypeContrastLoss": "lgc_plugin.losses.prototype_contrast",
    "LGC": "lgc_plugin.lgc",
    "LGCBrain": "lgc_plugin.training.brain",
    "SoundEventDetector": "lgc_plugin.inference.detector",
}

__all__ = ["__version__", *_PUBLIC]

watch_imports()

if TYPE_CHECKING:
    from lgc_plugin.data.encoder import EventEncoder
    from lgc_plugin.inference.detector import SoundEventDetector
    from lgc_plugin.lgc import LGC
    from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
    from lgc_plugin.models.crnn import CRNN
    from lgc_plugin.models.features import LogMel
    from lgc_plugin.models.mean_teacher import MeanTeacher
    from lgc_plugin.models.prototypes import PrototypeBank
    from lgc_plugin.training.brain import LGCBrain
    from lgc_plugin.types import Event, LabelKind, SEDOutput


def __getattr__(name: str) -> Any:
    """Loads a public name from its room on first use."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(_PUBLIC[name]), name)
    except ModuleNotFoundError as error:
        raise explained(error) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
