"""Local and global consistency (LGC) for sound event detection, as SpeechBrain
parts.

A subpackage imports only those before it::

    utils, types -> models -> augment -> data -> losses -> evaluation -> lgc
      -> report -> inference -> training -> cli, recipes

``LGC`` ties teacher, prototypes, ramp and the consistency terms into one
module; ``LGCMixin`` adds it to the Brain of any recipe, ``LGCBrain`` is the
Brain of the DESED recipe.

The public names are loaded on first use, so that commands which need no
network (and the worker processes of data generation) start without PyTorch.
"""

from typing import TYPE_CHECKING

from lgc_plugin.utils.exports import lazy_exports
from lgc_plugin.utils.loading import watch_imports

__version__ = "0.1.0"

_PUBLIC = {
    "Event": "types",
    "LabelKind": "types",
    "SEDBatch": "types",
    "SEDOutput": "types",
    "EventEncoder": "data.encoder",
    "LogMel": "models.features",
    "CRNN": "models.crnn",
    "MeanTeacher": "models.mean_teacher",
    "PrototypeBank": "models.prototypes",
    "PrototypeContrastLoss": "losses.prototype_contrast",
    "LGC": "lgc",
    "LGCBrain": "training.brain",
    "LGCMixin": "training.lgc_mixin",
    "SoundEventDetector": "inference.detector",
}

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
    from lgc_plugin.training.lgc_mixin import LGCMixin
    from lgc_plugin.types import Event, LabelKind, SEDBatch, SEDOutput

__getattr__, __dir__, __all__ = lazy_exports(__name__, _PUBLIC)
