"""From annotations and audio to batches."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "EventEncoder": "encoder",
        "StrongAnnotations": "annotations",
        "read_annotation_files": "annotations",
        "write_annotation_files": "annotations",
        "ClipRow": "manifest",
        "read_manifest": "manifest",
        "write_manifest": "manifest",
        "Preparation": "preparation",
        "make_dataset": "datasets",
        "make_loaders": "loaders",
        "make_train_loader": "batch_loaders",
        "make_eval_loader": "batch_loaders",
        "MixedBatchSampler": "sampler",
    },
)
