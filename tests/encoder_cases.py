"""What the tests of all pretrained encoders hold them to."""

import copy
import pickle

import torch


def check_encoder(encoder, n_samples=20000):
    """Shapes, batches, evaluation mode, precision, copies."""
    torch.manual_seed(0)
    wavs = 0.1 * torch.randn(3, n_samples)
    lengths = [n_samples, n_samples * 2 // 3, n_samples * 2 // 3]
    for clip, length in enumerate(lengths):
        wavs[clip, length:] = 0
    found = encoder(wavs, lengths)
    assert found.shape == (3, encoder.size, encoder.n_frames(n_samples))
    assert found.dtype == torch.float32 and not found.requires_grad
    assert torch.isfinite(found).all()
    assert not torch.allclose(found[1], found[2], atol=1e-3)

    for clip, length in enumerate(lengths):
        alone = encoder(wavs[clip : clip + 1, :length])[0]
        n_frames = alone.shape[1]
        assert n_frames == encoder.n_frames(length)
        torch.testing.assert_close(
            found[clip, :, :n_frames], alone, atol=1e-4, rtol=1e-3
        )
        assert not found[clip, :, n_frames:].any()

    assert torch.equal(encoder.train()(wavs, lengths), found)
    assert not any(module.training for module in encoder.modules())
    with torch.autocast("cpu", torch.bfloat16):
        assert encoder(wavs).dtype == torch.float32
    assert encoder.embed(wavs).dtype == torch.float16
    # From one sample on.
    assert encoder(wavs[:1, :1]).shape == (1, encoder.size, 1)

    for other in (copy.deepcopy(encoder), pickle.loads(pickle.dumps(encoder))):
        assert other.fingerprint == encoder.fingerprint
        again = other(wavs, lengths)
        # Rounding depends on where numbers lie in memory, and these
        # random networks amplify it.
        torch.testing.assert_close(again, found, atol=3e-3, rtol=1e-3)


def without_attention(encoder):
    """Lets tokens pass through the transformer layers as they are."""
    for name, parameter in encoder.named_parameters():
        mixes = {"layers", "layer", "pos_conv", "pos_conv_embed"}
        if parameter.ndim > 1 and mixes.intersection(name.split(".")):
            parameter.data.zero_()
    return encoder


def time_of_click(encoder, at, n_samples):
    """Middle of the frame that a click in noise changes most."""
    torch.manual_seed(0)
    noise = 0.01 * torch.randn(1, n_samples)
    click = noise.clone()
    click[0, round(at * encoder.sample_rate)] = 1.0
    change = (encoder(click) - encoder(noise)).abs().sum(dim=1)[0]
    times = (torch.arange(len(change)) + 0.5) * encoder.frame_seconds
    return float(times[change.argmax()])
