"""Networks that are whole in a file: TorchScript and ONNX."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lgc_plugin.models.encoders.checkpoint import first_sentence
from lgc_plugin.utils.checksums import file_digest


class ScriptNetwork(nn.Module):
    """A TorchScript file; copies and pickles carry its content."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.files = [path]
        try:
            self.script = _load_script(path, "cpu").eval()
        except Exception as error:  # a damaged file can raise anything
            raise ValueError(
                f"{path}: not a whole TorchScript file "
                f"({first_sentence(error)}): it must be one that "
                "torch.jit.save wrote"
            ) from error

    def forward(self, wavs: Tensor) -> Any:
        """Whatever the file returns."""
        return self.script(wavs)

    def __getstate__(self) -> dict[str, Any]:
        buffer = io.BytesIO()
        torch.jit.save(self.script, buffer)
        others = {k: x for k, x in self._modules.items() if k != "script"}
        return self.__dict__ | {
            "_modules": others,
            "content": buffer.getvalue(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        content = io.BytesIO(state.pop("content"))
        super().__setstate__(state)
        self.script = _load_script(content, None)


class OnnxNetwork(nn.Module):
    """An ONNX file, run by onnxruntime on the CPU.

    Copies and pickles open the file anew, and refuse another one.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            import onnx
            import onnxruntime
        except ImportError as error:
            raise ImportError(
                f"ONNX files need the packages onnx and onnxruntime ({error}): "
                "pip install 'lgc_plugin[onnx]'"
            ) from error
        self.path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4
        try:
            model = onnx.load(path, load_external_data=False)
            self.session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # a damaged file can raise anything
            raise ValueError(
                f"{path}: neither a TorchScript file nor an ONNX file that "
                f"onnxruntime {onnxruntime.__version__} can run "
                f"({first_sentence(error)})"
            ) from error
        # Large weights may lie in files beside it.
        beside = {
            entry.value
            for tensor in model.graph.initializer
            for entry in tensor.external_data
            if entry.key == "location"
        }
        self.files = [path, *(path.parent / name for name in sorted(beside))]
        self.digests = [file_digest(file) for file in self.files]
        names = [each.name for each in self.session.get_inputs()]
        if len(names) != 1:
            raise ValueError(
                f"{path}: wants {len(names)} inputs ({', '.join(names)}); only "
                "files that take waveforms and nothing else can be used"
            )
        self.input = names[0]
        self.outputs = [each.name for each in self.session.get_outputs()]

    def forward(self, wavs: Tensor) -> dict[str, Tensor]:
        """Its outputs by name."""
        samples = wavs.detach().float().cpu().numpy()
        found = self.session.run(self.outputs, {self.input: samples})
        tensors = (torch.as_tensor(x).to(wavs.device) for x in found)
        return dict(zip(self.outputs, tensors, strict=True))

    def __getstate__(self) -> dict[str, Any]:
        return {k: x for k, x in self.__dict__.items() if k != "session"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        again = OnnxNetwork(state["path"])
        if again.digests != state["digests"]:
            raise ValueError(
                f"{again.path}: not the file that it was when it was first "
                "opened: put that one back"
            )
        super().__setstate__(state | {"session": again.session})


def _load_script(file: Path | io.BytesIO, device: str | None) -> Any:
    with warnings.catch_warnings():
        # That it is deprecated is of no use to who has such a file.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(file, map_location=device)


def open_network(path: str | Path) -> ScriptNetwork | OnnxNetwork:
    """The network of a file, by its content; FileNotFoundError as usual."""
    with open(path, "rb") as stream:
        script = zipfile.is_zipfile(stream)
    # Copies may be made in another folder.
    whole = Path(path).resolve()
    return ScriptNetwork(whole) if script else OnnxNetwork(whole)
