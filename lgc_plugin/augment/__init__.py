"""Augmentations, each a step from one batch to another; one per file."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "Mixup": "mixup",
        "FrameShift": "frame_shift",
        "TimeMask": "time_mask",
        "FilterAugment": "filter_augment",
        "FrequencyWarp": "frequency_warp",
        "AddNoise": "noise",
        "RandomVersions": "random_versions",
        "SpeechBrainAugmenter": "speechbrain_augmenter",
        "draw_cutmix": "cutmix",
        "draw_mixup": "mixup",
    },
)
