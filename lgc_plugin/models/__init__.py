"""Front end, network, mean teacher and class prototypes."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "CRNN": "crnn",
        "LogMel": "features",
        "MeanTeacher": "mean_teacher",
        "PrototypeBank": "prototypes",
        "Dropout": "dropout",
    },
)
