import pytest
import torch

from lgc_plugin.models.dropout import Dropout


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_share_and_mean_are_right(p):
    torch.manual_seed(0)
    x = torch.ones(400_001)
    out = Dropout(p)(x)
    assert (out == 0).double().mean().item() == pytest.approx(p, abs=0.004)
    assert out.double().mean().item() == pytest.approx(1.0, abs=0.02)


def test_every_bit_of_a_draw_is_used():
    """The byte that holds the sign must drop as often as the others."""
    torch.manual_seed(0)
    out = Dropout(0.5)(torch.ones(80_000)).view(-1, 8)
    share = (out == 0).double().mean(dim=0)
    torch.testing.assert_close(
        share, torch.full_like(share, 0.5), atol=0.03, rtol=0
    )


def test_neighbours_are_independent():
    torch.manual_seed(0)
    kept = (Dropout(0.5)(torch.ones(200_000)) > 0).double() - 0.5
    for lag in (1, 7, 8):
        correlation = 4 * (kept[lag:] * kept[:-lag]).mean().item()
        assert abs(correlation) < 0.02


def test_gradient_flows_through_what_was_kept():
    x = torch.ones(1000, requires_grad=True)
    out = Dropout(0.25)(x)
    out.sum().backward()
    torch.testing.assert_close(x.grad, out.detach())


def test_layout_is_kept():
    x = torch.rand(2, 8, 5, 4).contiguous(memory_format=torch.channels_last)
    out = Dropout(0.5)(x)
    assert out.is_contiguous(memory_format=torch.channels_last)
    kept = out != 0
    torch.testing.assert_close(out[kept], 2 * x[kept])


def test_seed_decides():
    torch.manual_seed(3)
    first = Dropout(0.5)(torch.ones(100))
    torch.manual_seed(3)
    assert torch.equal(Dropout(0.5)(torch.ones(100)), first)


def test_probability_is_checked():
    with pytest.raises(ValueError, match="p must be"):
        Dropout(1.0)


def test_compiled_dropout_draws_anew_at_every_call():
    dropout = Dropout(0.5)

    @torch.compile(backend="aot_eager", fullgraph=True)
    def twice(x):
        return dropout(x), dropout(x)

    torch.manual_seed(0)
    x = torch.rand(4, 8, 25, 40).contiguous(memory_format=torch.channels_last)
    first, second = twice(x)
    third, _ = twice(x)
    assert not torch.equal(first, second) and not torch.equal(first, third)
    assert first.stride() == x.stride()
    kept = first != 0
    assert kept.double().mean().item() == pytest.approx(0.5, abs=0.02)
    torch.testing.assert_close(first[kept], 2 * x[kept])
