"""Folders of tiny random models of transformers, without a download."""

import torch
import transformers
from torch import nn

_BLOCKS = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
_WAVEFORM = _BLOCKS | {
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "hidden_dropout": 0.5,
    "attention_dropout": 0.5,
    "layerdrop": 0.5,
}
_CONFIGS = {
    "wav2vec2": _WAVEFORM,
    "hubert": _WAVEFORM,
    "wavlm": _WAVEFORM | {"num_buckets": 8, "max_bucket_distance": 16},
    "data2vec-audio": _WAVEFORM | {"conv_pos_kernel_size": 5},
    "unispeech": _WAVEFORM,
    "unispeech-sat": _WAVEFORM,
    "sew": _WAVEFORM | {"conv_dim": [8] * 13, "squeeze_factor": 2},
    "sew-d": _WAVEFORM | {"conv_dim": [8] * 13, "squeeze_factor": 2},
    "wav2vec2-conformer": _WAVEFORM,
    "wav2vec2-bert": _BLOCKS | {"conv_depthwise_kernel_size": 5},
    "audio-spectrogram-transformer": _BLOCKS
    | {"max_length": 128, "hidden_dropout_prob": 0.5},
    "whisper": {
        "d_model": 16,
        "encoder_layers": 3,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 32,
        "decoder_layers": 1,
        "decoder_attention_heads": 2,
        "decoder_ffn_dim": 32,
        "vocab_size": 10,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "decoder_start_token_id": 1,
        "max_source_positions": 50,
        "dropout": 0.5,
    },
}
KINDS = tuple(_CONFIGS)


def make_extractor(kind, **changes):
    if kind == "audio-spectrogram-transformer":
        return transformers.ASTFeatureExtractor(
            **{"max_length": 128, "mean": -4.0, "std": 4.0} | changes
        )
    if kind == "whisper":
        return transformers.WhisperFeatureExtractor(chunk_length=1, **changes)
    if kind == "wav2vec2-bert":
        return transformers.SeamlessM4TFeatureExtractor(**changes)
    return transformers.Wav2Vec2FeatureExtractor(
        **{"do_normalize": True} | changes
    )


def make_network(kind, seed=0, **changes):
    config = transformers.AutoConfig.for_model(kind, **_CONFIGS[kind] | changes)
    torch.manual_seed(seed)
    network = transformers.AutoModel.from_config(config)
    # Initial biases are 0, and attention hardly differs from a mean.
    for name, parameter in network.named_parameters():
        if "norm" not in name and "parametrizations" not in name:
            nn.init.normal_(parameter.data, std=0.3)
    return network.eval()


def make_folder(folder, kind, seed=0, extractor=None, **changes):
    """The folder with a model of a kind; ``changes`` of its configuration."""
    network = make_network(kind, seed, **changes)
    network.save_pretrained(folder)
    make_extractor(kind, **extractor or {}).save_pretrained(folder)
    return folder
