"""LGC for recipes whose networks speak SpeechBrain's usual shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import torch
from speechbrain.dataio.dataio import length_to_mask
from torch import Tensor, nn
from torch.nn.functional import normalize

from lgc_plugin.lgc import LGC
from lgc_plugin.losses.lgc_terms import TrainingClips
from lgc_plugin.types import LabelKind, SEDOutput
from lgc_plugin.utils.distributed import get_rank, get_world_size


def sed_output(
    hidden: Tensor, logits: Tensor, valid: Tensor | None = None
) -> SEDOutput:
    """What a network says, in LGC's words.

    Arguments
    ---------
    hidden : Tensor
        (B, T', D) output of the encoder.
    logits : Tensor
        (B, T', C) output of the classifier.
    valid : Tensor, optional
        (B, T') bool, False on padding, where scores become 0.

    Returns
    -------
    SEDOutput
        The score of a clip is that of its loudest frame.

    Example
    -------
    >>> hidden, logits = torch.ones(1, 2, 4), torch.tensor([[[0.0], [9.0]]])
    >>> said = sed_output(hidden, logits, torch.tensor([[True, False]]))
    >>> said.frame.tolist(), said.clip.tolist(), said.embedding.shape
    ([[[0.5, 0.0]]], [[0.5]], torch.Size([1, 2, 4]))
    """
    frame = logits.sigmoid().transpose(1, 2)
    if valid is not None:
        frame = frame * valid.unsqueeze(1)
    return SEDOutput(frame, frame.amax(dim=2), normalize(hidden, dim=2))


class FrameStudent(nn.Module):
    """An encoder and a classifier as the one network that LGC calls.

    Arguments
    ---------
    encoder : nn.Module
        (B, T, F) to (B, T', D).
    classifier : nn.Module
        (B, T', D) to logits (B, T', C).
    time_pooling : int
        Feature frames per output frame.

    Example
    -------
    >>> student = FrameStudent(nn.Linear(8, 4), nn.Linear(4, 2))
    >>> student(torch.rand(3, 8, 10)).frame.shape
    torch.Size([3, 2, 10])
    """

    def __init__(
        self, encoder: nn.Module, classifier: nn.Module, time_pooling: int = 1
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.classifier = classifier
        self.time_pooling = time_pooling

    def forward(
        self, features: Tensor, valid: Tensor | None = None
    ) -> SEDOutput:
        """Scores and embeddings of features (B, F, T)."""
        hidden = self.encoder(features.transpose(1, 2))
        return sed_output(hidden, self.classifier(hidden), valid)


class FrameLGC(LGC):
    """LGC that knows its student, an encoder with a classifier of frames.

    It takes what a recipe of SpeechBrain has at hand: features (B, T, F),
    logits (B, T', C), relative lengths. ``docs/your_recipe.md`` adds it to
    one.

    Arguments
    ---------
    encoder : nn.Module
        (B, T, F) to (B, T', D); D is the ``embedding_dim``.
    classifier : nn.Module
        (B, T', D) to logits (B, T', C).
    time_pooling : int
        Feature frames per output frame.
    **options : Any
        See :class:`~lgc_plugin.lgc.LGC`.

    Example
    -------
    >>> encoder, classifier = nn.Linear(8, 4), nn.Linear(4, 1)
    >>> lgc = FrameLGC(encoder, classifier, n_classes=1, embedding_dim=4)
    >>> feats, lengths = torch.rand(2, 10, 8), torch.tensor([1.0, 0.5])
    >>> labels, known = torch.zeros(2, 10), torch.tensor([True, False])
    >>> hidden = encoder(feats)
    >>> logits = classifier(hidden)
    >>> lgc.loss(feats, hidden, logits, lengths, labels, known).backward()
    >>> lgc.follow()
    >>> lgc.step
    1
    """

    def __init__(
        self,
        encoder: nn.Module,
        classifier: nn.Module,
        *,
        time_pooling: int = 1,
        **options: Any,
    ) -> None:
        student = FrameStudent(encoder, classifier, time_pooling)
        super().__init__(student, **options)
        # In a tuple, it is no child: its parameters are the recipe's.
        self._student = (student,)

    def clips(
        self, feats: Tensor, lengths: Tensor, labels: Tensor, known: Tensor
    ) -> TrainingClips:
        """A batch as LGC wants it.

        Arguments
        ---------
        feats : Tensor
            (B, T, F) features.
        lengths : Tensor
            (B,) relative lengths, 1 for the longest clip.
        labels : Tensor
            (B, T') or (B, T', C) labels, read where they are known.
        known : Tensor
            (B,) bool, whether a clip's labels are known.

        Returns
        -------
        TrainingClips
        """
        n_frames = labels.shape[1]
        return TrainingClips(
            feats.transpose(1, 2),
            torch.where(known, int(LabelKind.STRONG), int(LabelKind.NONE)),
            labels.reshape(*labels.shape[:2], -1).transpose(1, 2),
            length_to_mask(lengths * n_frames, n_frames).bool(),
        )

    def loss(
        self,
        feats: Tensor,
        hidden: Tensor,
        logits: Tensor,
        lengths: Tensor,
        labels: Tensor,
        known: Tensor,
    ) -> Tensor:
        """What to add to the loss of a batch: nothing outside training.

        Arguments
        ---------
        feats, lengths, labels, known : Tensor
            See :meth:`clips`.
        hidden, logits : Tensor
            What encoder and classifier have said of the features.

        Returns
        -------
        Tensor
            Scalar.
        """
        if not self.training:
            return logits.new_zeros(())
        clips = self.clips(feats, lengths, labels, known)
        said = sed_output(hidden, logits, clips.valid)
        (student,) = self._student
        return self(student, clips.features, said, *clips[1:]).total

    def follow(self, step_taken: bool | Tensor = True) -> None:
        """Follows one optimizer step: :meth:`~LGC.update_teacher`.

        Arguments
        ---------
        step_taken : bool or Tensor
            Whether there was one: False while gradients accumulate, a tensor
            where only the device knows whether the step was skipped.
        """
        if step_taken is False:
            return
        known = step_taken if isinstance(step_taken, Tensor) else None
        self.update_teacher(*self._student, known)

    def init_prototypes_from_loader(
        self,
        loader: Iterable[Any],
        clips_of: Callable[[Any], TrainingClips],
        seed: int = 0,
    ) -> None:
        """Birth from a loader; of several processes each reads its share.

        Arguments
        ---------
        loader : Iterable
            The whole training set, the same on all processes.
        clips_of : Callable
            Makes :meth:`clips` of a batch.
        seed : int
            See :meth:`~LGC.init_prototypes`.
        """
        mine = islice(loader, get_rank(), None, get_world_size())
        self.init_prototypes(map(clips_of, mine), seed)
