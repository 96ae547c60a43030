"""Losses: tensors in, one scalar out; one per file."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "PrototypeContrastLoss": "prototype_contrast",
        "supervised_losses": "supervised",
        "masked_bce": "supervised",
        "frame_consistency": "consistency",
        "clip_consistency": "consistency",
        "exp_rampup": "rampup",
        "ConsistencyTerm": "term",
        "InterpolationConsistency": "ict",
        "ShiftConsistency": "sct",
        "RandomConsistency": "rct",
    },
)
