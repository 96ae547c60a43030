"""Pretrained networks that turn waveforms into frame embeddings."""

from lgc_plugin.utils.exports import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "BEATs": "beats",
        "EncoderInLoop": "in_loop",
        "FileEncoder": "file_encoder",
        "FrameEncoder": "frame_encoder",
        "TransformersEncoder": "transformers_encoder",
        "YAMNet": "yamnet",
        "align_embeddings": "alignment",
        "embeddings_for": "alignment",
        "encoder_of": "in_loop",
        "put_in_loop": "in_loop",
        "with_embeddings": "alignment",
    },
)
