"""The Brain, and what it needs: checkpoints, resuming, devices, imports."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "LGCBrain": "brain",
        "AsyncBrain": "async_brain",
        "AtomicCheckpointer": "checkpoints",
        "RandomState": "process_state",
        "LGCMixin": "lgc_mixin",
        "check_same_run": "resume",
    },
)
