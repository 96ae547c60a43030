"""Tables, figures and files of scores and detections, for people."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "difference_table": "tables",
        "plot_detections": "detection_figure",
        "plot_per_class": "score_figures",
        "plot_psd_roc": "score_figures",
        "plot_timeline": "timeline",
        "score_table": "tables",
        "write_report": "page.html_page",
        "write_predictions": "result_files",
        "write_results": "result_files",
    },
)
