"""Whether the pretrained encoder of a run is there, and fits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: What to download, by class.
_DOWNLOADS = {
    "BEATs": "Microsoft's BEATs_iter3_plus_AS2M.pt",
    "YAMNet": "Google's yamnet.h5",
    "TransformersEncoder": "a model's folder from Hugging Face",
}


def check_keys(
    arguments: Mapping[str, Any], overrides: Mapping[str, Any]
) -> None:
    """Refuses settings of an encoder where there is none to read them.

    Arguments
    ---------
    arguments : Mapping[str, Any]
        Of the hparams file, from ``parse_arguments``.
    overrides : Mapping[str, Any]
        What was given in files or on the command line.

    Raises
    ------
    ValueError
        If they would have no effect.
    """
    given = [
        key
        for key, value in overrides.items()
        if value and (key.startswith("encoder_") or key == "fusion_size")
    ]
    if given and arguments["frame_encoder"] is None:
        raise ValueError(
            f"{', '.join(given)} {'is' if len(given) == 1 else 'are'} given, "
            "but there is no frame_encoder: give both, as "
            "--overrides=hparams/lgc_yamnet.yaml, lgc_beats.yaml or "
            "lgc_ssl.yaml do"
        )


def check_weights(arguments: Mapping[str, Any]) -> None:
    """Says what to download where there are no weights.

    Arguments
    ---------
    arguments : Mapping[str, Any]
        Of the hparams file, from ``parse_arguments``.

    Raises
    ------
    FileNotFoundError
        If ``encoder_weights`` names nothing.
    """
    weights, encoder = arguments["encoder_weights"], arguments["frame_encoder"]
    if encoder is None or weights is None or Path(weights).exists():
        return
    name = str(encoder["!new"]).rpartition(".")[2]
    raise FileNotFoundError(
        f"{weights} (encoder_weights) is not there: download "
        f"{_DOWNLOADS.get(name, 'the weights')} to it, or give "
        "--encoder_weights (README.md, Pretrained encoders, says where from)"
    )


def check_encoder(hparams: Mapping[str, Any]) -> str | None:
    """Refuses an encoder whose embeddings the network would not read.

    Arguments
    ---------
    hparams : Mapping[str, Any]
        Objects of the hparams file: ``frame_encoder``, ``encoder_size``,
        ``sample_rate``.

    Returns
    -------
    str or None
        Class and fingerprint of an encoder, for the record of the run.

    Raises
    ------
    ValueError
        If size or sample rate differ.
    """
    encoder, size = hparams["frame_encoder"], hparams["encoder_size"]
    if encoder is None:
        if size:
            raise ValueError(
                f"encoder_size is {size}, but there is no frame_encoder: add "
                "a file of overrides with one, or set encoder_size to 0"
            )
        return None
    name, rate = type(encoder).__name__, hparams["sample_rate"]
    if size != encoder.size:
        raise ValueError(
            f"encoder_size is {size}, but the embeddings of {name} have "
            f"{encoder.size} numbers: give --encoder_size={encoder.size}"
        )
    if rate != encoder.sample_rate:
        raise ValueError(
            f"sample_rate is {rate}, but {name} was given "
            f"{encoder.sample_rate}: give it sample_rate: !ref <sample_rate>"
        )
    return f"{name} {encoder.fingerprint[:16]}"
