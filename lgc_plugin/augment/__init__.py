"""Augmentations that carry the labels along, one per file."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "draw_cutmix": "cutmix",
        "draw_mixup": "mixup",
        "draw_frame_shift": "frame_shift",
        "draw_time_mask": "time_mask",
        "draw_filter": "filter_augment",
        "draw_frequency_warp": "frequency_warp",
        "LabeledAugmentation": "labeled",
        "Views": "views",
        "AugmenterViews": "speechbrain_views",
    },
)
