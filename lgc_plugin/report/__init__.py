"""What a run leaves for people: tables, prediction files, figures, numbers."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "score_table": "tables",
        "write_results": "results",
        "plot_psd_roc": "psd_roc",
        "plot_per_class": "per_class",
        "plot_timeline": "timeline",
        "plot_detections": "detection_figure",
    },
)
