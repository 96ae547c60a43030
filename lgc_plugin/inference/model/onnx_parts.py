"""Parts of a detector, computed as ONNX computes them best."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_DIRECTIONS = ("", "_reverse")


class OnnxGRU(nn.Module):
    """A bidirectional GRU that is exported as ONNX's own operator.

    Left to the exporter, a GRU is traced once per time step, which takes
    minutes. Its scores exist in the exported model only: run in PyTorch, it
    gives zeros.

    Arguments
    ---------
    gru : torch.nn.GRU
        Bidirectional, batch first, with biases. Not changed.

    Example
    -------
    >>> gru = nn.GRU(6, 5, num_layers=2, batch_first=True, bidirectional=True)
    >>> output, _ = OnnxGRU(gru)(torch.rand(3, 7, 6))
    >>> output.shape
    torch.Size([3, 7, 10])
    """

    def __init__(self, gru: nn.GRU) -> None:
        super().__init__()
        self.hidden_size = gru.hidden_size
        self.num_layers = gru.num_layers
        for layer in range(gru.num_layers):
            for name, tensor in _layer_weights(gru, layer).items():
                self.register_buffer(f"{name}_{layer}", tensor)

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        """Maps (B, T, I) to (B, T, 2 * hidden_size); no last state."""
        # ONNX runtimes know only the layout with the time first.
        x = x.transpose(0, 1)
        for layer in range(self.num_layers):
            n_steps, n_clips, _ = x.shape
            names = (f"{name}_{layer}" for name in ("inputs", "states", "bias"))
            y = torch.onnx.ops.symbolic(
                "GRU",
                (x, *(self.get_buffer(name) for name in names)),
                {
                    "hidden_size": self.hidden_size,
                    "direction": "bidirectional",
                    # As PyTorch: the reset gate acts behind the matrix.
                    "linear_before_reset": 1,
                },
                dtype=x.dtype,
                shape=(n_steps, 2, n_clips, self.hidden_size),
            )
            x = y.transpose(1, 2).flatten(2)
        return x.transpose(0, 1), None


class InDouble(nn.Module):
    """A part that is computed in double precision, from and to float32.

    Arguments
    ---------
    part : nn.Module
        Changed to double precision in place.

    Example
    -------
    >>> InDouble(nn.Linear(2, 1))(torch.ones(2)).dtype
    torch.float32
    """

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part.double()

    def forward(self, x: Tensor) -> Tensor:
        """Maps float32 to float32."""
        return self.part(x.double()).float()


def _layer_weights(gru: nn.GRU, layer: int) -> dict[str, Tensor]:
    """One layer in ONNX's form: both directions, gates in its order."""
    rows: dict[str, list[Tensor]] = {"inputs": [], "states": [], "bias": []}
    for direction in _DIRECTIONS:
        weights = {
            name: _gates(getattr(gru, f"{name}_l{layer}{direction}"))
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }
        rows["inputs"].append(weights["weight_ih"])
        rows["states"].append(weights["weight_hh"])
        biases = [weights["bias_ih"], weights["bias_hh"]]
        rows["bias"].append(torch.cat(biases))
    return {name: torch.stack(both) for name, both in rows.items()}


def _gates(weight: Tensor) -> Tensor:
    """PyTorch keeps reset, update, new; ONNX update, reset, new."""
    reset, update, new = weight.detach().chunk(3)
    return torch.cat([update, reset, new])
