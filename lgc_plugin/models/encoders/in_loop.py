"""A pretrained encoder as a part of the network, trained or frozen."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lgc_plugin.models.encoders.alignment import align_embeddings
from lgc_plugin.models.encoders.frame_encoder import FrameEncoder
from lgc_plugin.types import SEDBatch


class EncoderInLoop(nn.Module):
    """Computes the embeddings of a batch at each forward of a network.

    Only the layers that learn are registered here. The others are shared by
    all copies, and are in no checkpoint, average or exchange of gradients.

    Arguments
    ---------
    encoder : FrameEncoder
        The whole encoder.
    trainable_layers : int
        How many of its last layers learn.
    checkpointing : bool
        Whether these compute their values again in the backward pass, which
        saves memory.

    Raises
    ------
    ValueError
        If the encoder has fewer layers, or these cannot learn alone.

    Example
    -------
    >>> class Loudness(FrameEncoder):
    ...     def encode(self, wavs):
    ...         return self.fill(wavs).view(len(wavs), 1, -1, 1600).mean(3)
    >>> encoder = EncoderInLoop(Loudness(1, 0.1))
    >>> batch = SEDBatch(torch.zeros(1), wavs=torch.ones(1, 3200))
    >>> mels = torch.ones(1, 4, 8)
    >>> batch = batch.with_features(mels, 2, 800, keep_wavs=True)
    >>> encoder(batch).shape, copy.deepcopy(encoder).whole is encoder.whole
    (torch.Size([1, 1, 4]), True)
    """

    def __init__(
        self,
        encoder: FrameEncoder,
        trainable_layers: int = 0,
        checkpointing: bool = False,
    ) -> None:
        super().__init__()
        self._whole = (encoder,)  # a tuple, which registers nothing
        learning = _last_layers(encoder, trainable_layers)
        self.layers = nn.ModuleList(learning).requires_grad_(True)
        if checkpointing:
            for layer in self.layers:
                layer.forward = partial(
                    checkpoint, layer.forward, use_reentrant=False
                )

    @property
    def whole(self) -> FrameEncoder:
        """The encoder, with the layers that learn and all others."""
        return self._whole[0]

    def forward(self, batch: SEDBatch) -> Tensor:
        """Embeddings of a batch that keeps its waveforms.

        Arguments
        ---------
        batch : SEDBatch
            With ``wavs`` beside its features.

        Returns
        -------
        Tensor
            (B, E, T') float32, rounded like those that are stored.
        """
        encoder, lengths = self.whole, batch.wav_lengths
        exact = encoder(batch.wavs, lengths)
        # The value is that of FrameEncoder.embed, the gradient that of the
        # embedding before rounding.
        largest = torch.finfo(torch.float16).max
        known = exact.detach()
        rounded = known.clamp(-largest, largest).half().float()
        seconds = (batch.frame_samples or 0) / encoder.sample_rate
        embeddings = align_embeddings(
            exact + (rounded - known),
            batch.n_frames,
            seconds / encoder.frame_seconds,
        )
        if batch.valid is None or lengths is not None:
            return embeddings
        # These clips were encoded with their padding.
        return embeddings * batch.valid.unsqueeze(1)

    def __deepcopy__(self, memo: dict[int, Any]) -> EncoderInLoop:
        """A copy of the layers that learn, around the same other ones."""
        own = {id(t) for t in (*self.parameters(), *self.buffers())}
        for tensor in (*self.whole.parameters(), *self.whole.buffers()):
            if id(tensor) not in own:
                memo[id(tensor)] = tensor
        if not self.layers:
            memo[id(self.whole)] = self.whole
        copied = memo[id(self)] = type(self).__new__(type(self))
        copied.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return copied

    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> EncoderInLoop:
        """Moves the rest of the encoder along."""
        super()._apply(fn, recurse)
        self.whole._apply(fn, recurse)
        return self


def _last_layers(encoder: FrameEncoder, number: int) -> list[nn.Module]:
    """The layers that learn, if they can do so apart from the others."""
    if number == 0:
        return []
    name, layers = type(encoder).__name__, list(encoder.layers())
    if not 0 < number <= len(layers):
        raise ValueError(
            f"encoder_trainable_layers is {number}, but {name} has "
            f"{len(layers)} layers"
        )
    split = len(layers) - number
    frozen = {id(p) for layer in layers[:split] for p in layer.parameters()}
    for layer in layers[split:]:
        if any(id(p) in frozen for p in layer.parameters()):
            raise ValueError(
                f"encoder_trainable_layers is {number}, but layers of {name} "
                f"share parameters: train all {len(layers)}, or none"
            )
    return layers[split:]


def encoder_of(network: nn.Module) -> EncoderInLoop | None:
    """The encoder that :func:`put_in_loop` made a part of a network.

    Arguments
    ---------
    network : nn.Module
        Any.

    Returns
    -------
    EncoderInLoop or None

    Example
    -------
    >>> encoder_of(nn.Linear(1, 1)) is None
    True
    """
    found = getattr(network, "encoder", None)
    return found if isinstance(found, EncoderInLoop) else None


def put_in_loop(
    network: nn.Module,
    encoder: FrameEncoder | None,
    in_loop: bool = True,
    trainable_layers: int = 0,
    checkpointing: bool = False,
) -> nn.Module:
    """Makes an encoder a part of a network: its module ``encoder``.

    :class:`~lgc_plugin.lgc.LGC` lets it compute the embeddings of batches that
    keep their waveforms.

    Arguments
    ---------
    network : nn.Module
        Reads embeddings.
    encoder : FrameEncoder, optional
        None: there is none, and none may be put in the loop.
    in_loop : bool
        False: the network stays as it is.
    trainable_layers, checkpointing : int, bool
        See :class:`EncoderInLoop`.

    Returns
    -------
    nn.Module
        The same network.

    Raises
    ------
    ValueError
        If there is no encoder, or layers should learn outside the loop.

    Example
    -------
    >>> network = put_in_loop(nn.Linear(1, 1), FrameEncoder(8, 0.1))
    >>> isinstance(network.encoder, EncoderInLoop), len(network.state_dict())
    (True, 2)
    """
    if trainable_layers and not in_loop:
        raise ValueError(
            f"encoder_trainable_layers is {trainable_layers}: to train layers "
            "of the encoder, set encoder_in_loop to true"
        )
    if not in_loop:
        return network
    if encoder is None:
        raise ValueError(
            "encoder_in_loop is true, but there is no frame_encoder: give one"
        )
    network.encoder = EncoderInLoop(encoder, trainable_layers, checkpointing)
    return network
