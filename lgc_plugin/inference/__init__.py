"""Finished detectors on anyone's recordings, files and streams alike."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "SoundEventDetector": "detector",
        "Detection": "event_stream",
        "read_model": "model.model_folder",
        "write_model": "model.model_folder",
        "export_model": "model.export",
    },
)
