"""The frames that prototypes are initialized from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lgc_plugin.losses.frames import labels_by_frame
from lgc_plugin.losses.lgc_terms import TrainingClips
from lgc_plugin.models.frame_classes import frame_classes
from lgc_plugin.models.kmeans import FrameReservoir
from lgc_plugin.types import SEDOutput
from lgc_plugin.utils.distributed import get_rank, get_world_size


def fill_reservoir(
    reservoir: FrameReservoir,
    clips: Iterable[TrainingClips],
    hear: Callable[[TrainingClips], SEDOutput],
    pos_threshold: float,
) -> None:
    """Adds the embeddings of frames, by class, of all processes.

    Frames of strong clips have the classes of their labels, all others those
    that the teacher is sure of; padding has none.

    Arguments
    ---------
    reservoir : FrameReservoir
        What is filled; complete on the main process only.
    clips : Iterable[TrainingClips]
        The training set in batches; of several processes, the share of this
        one.
    hear : Callable
        What the teacher says of a batch.
    pos_threshold : float
        From what score on a frame has a class.
    """
    for number, batch in enumerate(clips):
        output = hear(batch)
        labels = labels_by_frame(
            output.frame, batch.label_kind, batch.frame_labels
        )
        classes = frame_classes(labels, pos_threshold)
        if batch.valid is not None:
            classes &= batch.valid.flatten().unsqueeze(1)
        reservoir.add(
            output.embedding.flatten(0, 1),
            classes,
            get_rank() + number * get_world_size(),
        )
    reservoir.gather()
