"""Speech and audio transformers from a folder of Hugging Face's format."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lgc_plugin.models.encoders.checkpoint import (
    first_sentence,
    fold_weight_norm,
    read_checkpoint,
)
from lgc_plugin.models.encoders.frame_encoder import FrameEncoder
from lgc_plugin.models.encoders.transformers_models import (
    MelModel,
    PatchModel,
    WaveformModel,
    WhisperEncoderModel,
)

_KINDS: dict[str, Any] = {
    "audio-spectrogram-transformer": PatchModel,
    "data2vec-audio": WaveformModel,
    "hubert": WaveformModel,
    "mert_model": WaveformModel,
    "sew": WaveformModel,
    "sew-d": WaveformModel,
    "unispeech": WaveformModel,
    "unispeech-sat": WaveformModel,
    "wav2vec2": WaveformModel,
    "wav2vec2-bert": MelModel,
    "wav2vec2-conformer": WaveformModel,
    "wavlm": WaveformModel,
    "whisper": WhisperEncoderModel,
}
_SETTINGS = ("config.json", "preprocessor_config.json")
_WEIGHTS = ("*.safetensors", "*.bin", "*.ckpt")


class TransformersEncoder(FrameEncoder):
    """Frame embeddings of a model of ``transformers``, from a local folder.

    The folder holds what a model page of Hugging Face offers: ``config.json``,
    ``preprocessor_config.json`` and the weights (``.safetensors`` or
    ``.bin``). It is what the classes of
    ``speechbrain.integrations.huggingface`` (Wav2Vec2, HuBERT, WavLM, Whisper,
    W2VBert, MERT) take as ``source``, and gives the same numbers; a ``.ckpt``
    that SpeechBrain saved of one of them takes the place of the weights.
    Nothing is downloaded, and no code of the folder is executed.

    ============================  ======  =================================
    kind (``model_type``)         frames  input
    ============================  ======  =================================
    wav2vec2, hubert, wavlm,      20 ms   waveform, normalized if the folder
    data2vec-audio, unispeech,            says so
    unispeech-sat, sew, sew-d,
    wav2vec2-conformer
    mert_model                    13 ms   the same, at 24 kHz
    wav2vec2-bert                 20 ms   log mels, normalized
    audio-spectrogram-transformer 100 ms  log mels of 10.24 s
    whisper                       20 ms   log mels of 30 s; its encoder
    ============================  ======  =================================

    The last two read a fixed length: shorter clips cost as much as clips of
    that length, longer ones are encoded in pieces. MERT is read as HuBERT,
    which it is unless its configuration has ``feature_extractor_cqt`` or
    ``deepnorm``.

    Arguments
    ---------
    weights : str
        The folder.
    layer : int, optional
        The transformer layer whose output is taken, from 1; later ones are
        not computed. None: the last, with the layer norm after it.
    sample_rate : int
        Samples per second of the waveforms it is given; the folder says which
        rate the model was trained on.

    Raises
    ------
    ImportError
        ``transformers`` is not installed.
    ValueError
        The folder lacks a file, holds another kind of model or damaged weights,
        or there is no such layer.

    Example
    -------
    >>> import transformers
    >>> folder = getfixture("tmp_path")
    >>> config = transformers.Wav2Vec2Config(
    ...     hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    ...     intermediate_size=16, conv_dim=[8] * 7,
    ... )
    >>> transformers.Wav2Vec2Model(config).save_pretrained(folder)
    >>> extractor = transformers.Wav2Vec2FeatureExtractor()
    >>> _ = extractor.save_pretrained(folder)
    >>> encoder = TransformersEncoder(folder, layer=1)
    >>> encoder.frame_seconds, encoder(torch.randn(1, 16000)).shape
    (0.02, torch.Size([1, 16, 50]))
    """

    def __init__(
        self,
        weights: str | Path,
        layer: int | None = None,
        sample_rate: int = 16000,
    ) -> None:
        folder = Path(weights)
        kind = _read_kind(folder)
        extractor, files, network = _read_folder(folder)
        model = _KINDS[kind](network, extractor)
        super().__init__(
            size=network.config.hidden_size,
            frame_seconds=model.hop / extractor.sampling_rate,
            encoder_rate=extractor.sampling_rate,
            sample_rate=sample_rate,
        )
        if layer is not None:
            _stop_after(layer, model, folder)
        self.model = fold_weight_norm(model)
        self.freeze({"layer": layer}, files)

    def layers(self) -> Sequence[nn.Module]:
        """The transformer layers."""
        return list(_blocks(self.model))

    def encode(self, wavs: Tensor) -> Tensor:
        """(B, N) waveforms at ``encoder_rate`` to (B, E, T_e) embeddings."""
        n_frames = max(1, math.ceil(wavs.shape[1] / self.model.hop))
        return self.model(wavs, n_frames)[:, :n_frames].transpose(1, 2)


def _read_kind(folder: Path) -> str:
    """The kind of model that a folder holds, if it can be used."""
    for name in _SETTINGS:
        if not (folder / name).is_file():
            raise ValueError(
                f"{folder}: no {name} in it: give the folder of a model with "
                f"{', '.join(_SETTINGS)} and its weights"
            )
    try:
        config = json.loads((folder / _SETTINGS[0]).read_text("utf-8"))
        kind = config["model_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{folder / _SETTINGS[0]}: damaged or no configuration of a model "
            f"({first_sentence(error)}): download it again"
        ) from error
    if kind not in _KINDS:
        raise ValueError(
            f"{folder}: models of the kind {kind!r} cannot be used, only "
            f"{', '.join(_KINDS)}"
        )
    for unlike in ("feature_extractor_cqt", "deepnorm"):
        if kind == "mert_model" and config.get(unlike):
            raise ValueError(
                f"{folder}: MERT with {unlike} cannot be used, it is computed "
                "by code that comes with its weights"
            )
    return kind


def _read_folder(folder: Path) -> tuple[Any, list[Path], Any]:
    """Feature extractor, files that make the embeddings, network."""
    try:
        import transformers
    except ImportError as error:
        raise ImportError(
            f"TransformersEncoder needs the package transformers ({error}): "
            "pip install 'lgc_plugin[encoders]'"
        ) from error
    found = (sorted(folder.glob(pattern)) for pattern in _WEIGHTS)
    weights = next(filter(None, found), [])
    if not weights:
        raise ValueError(
            f"{folder}: no weights in it ({', '.join(_WEIGHTS)}): download "
            "them into it"
        )
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        with _quiet(transformers), torch.random.fork_rng(devices=[]):
            extractor = transformers.AutoFeatureExtractor.from_pretrained(
                folder, **local
            )
            network = _read_network(transformers, folder, weights, local)
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(
            f"{folder}: not a model that transformers "
            f"{transformers.__version__} can load ({first_sentence(error)}): "
            "download its files again, or give another folder"
        ) from error
    return extractor, [*(folder / x for x in _SETTINGS), *weights], network


def _read_network(
    transformers: Any, folder: Path, weights: list[Path], local: dict[str, Any]
) -> Any:
    """The model with its weights, in float32."""
    settings = json.loads((folder / _SETTINGS[0]).read_text("utf-8"))
    kind = settings.pop("model_type").replace("mert_model", "hubert")
    config = transformers.AutoConfig.for_model(kind, **settings)
    config.add_adapter = False  # has fewer frames
    if weights[0].suffix == ".ckpt":
        network = transformers.AutoModel.from_config(config)
        state = read_checkpoint(weights[0], "SpeechBrain")
        for prefix in ("model.", "wav2vec2."):
            state = {key.removeprefix(prefix): x for key, x in state.items()}
        absent = network.load_state_dict(state, strict=False).missing_keys
    else:
        network, info = transformers.AutoModel.from_pretrained(
            folder, config=config, output_loading_info=True, **local
        )
        absent = info["missing_keys"]
    # Not of the encoder, or a mask of the training.
    needless = ("decoder.", "masked_spec_embed")
    absent = sorted(x for x in absent if not x.startswith(needless))
    if absent:
        raise ValueError(
            f"{len(absent)} of its weights are not in the file, such as "
            f"{absent[0]}"
        )
    return network.float()


def _blocks(model: Any) -> Any:
    """The list of the transformer layers, as its kind calls it."""
    places = dict(model.network.named_modules())
    return next(places[name] for name in model.blocks if name in places)


def _stop_after(layer: int, model: Any, folder: Path) -> None:
    """Removes the transformer layers after one, and the norm of the last."""
    blocks = _blocks(model)
    if not 1 <= layer <= len(blocks):
        raise ValueError(
            f"layer: {layer}, but {folder} has layers 1 to {len(blocks)}"
        )
    if layer < len(blocks):
        del blocks[layer:]
        if model.final_norm:
            parent, _, name = model.final_norm.rpartition(".")
            setattr(model.network.get_submodule(parent), name, nn.Identity())


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """No list of the weights that an encoder leaves out, no progress bar."""
    log = transformers.utils.logging
    level, bar = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(level)
        if bar:
            log.enable_progress_bar()
