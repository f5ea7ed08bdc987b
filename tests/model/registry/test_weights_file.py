"""Files of weights: what people save is read, and anything else is one line that says what was expected."""

from __future__ import annotations

import io
import os
import pickle
import re
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as as_safetensors
from torch import Tensor, nn

from model.errors import UnusableWeights
from model.net import Net
from model.registry import weights_file
from model.registry.weights_file import SAVE, read_weights

State = dict[str, Tensor]


class Notebook(nn.Module):
    """A module as a notebook saves it whole. As its class is no tensor, the file holds its name, which is code."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Net()


class Harmful:
    """Pickled, it makes a file when it is loaded as Python's pickle loads."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


@pytest.fixture
def state() -> State:
    torch.manual_seed(4)
    return Net().state_dict()


def saved(content: object, **options: Any) -> bytes:
    """What torch.save writes."""
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def named(state: State, *names: str) -> State:
    return dict(zip(names, state.values(), strict=True))


def layers(*names: str) -> list[str]:
    return [f"{name}.{part}" for name in names for part in ("weight", "bias")]


READ = {
    "a state dict": lambda state: saved(state),
    "safetensors": lambda state: as_safetensors(state),
    "in a checkpoint": lambda state: saved({"epoch": 3, "optimizer": {"lr": 0.1}, "model_state_dict": state}),
    "as Lightning does": lambda state: saved({"state_dict": {f"model.{name}": value for name, value in state.items()}}),
    "twice nested": lambda state: saved({"model": {"state_dict": state}}),
    "of DataParallel": lambda state: saved({f"module.{name}": value for name, value in state.items()}),
    "of torch.compile": lambda state: saved({f"_orig_mod.module.{name}": value for name, value in state.items()}),
    "in another order": lambda state: saved(OrderedDict(reversed(state.items()))),
    "of a Sequential": lambda state: saved(named(state, *layers("0", "3", "7", "9", "11"))),
    "of two Sequentials": lambda state: saved(
        named(state, *layers("features.0", "features.3", "classifier.0", "classifier.2", "classifier.4"))
    ),
    "named as by LeCun": lambda state: saved(named(state, *layers("c1", "c3", "c5", "f6", "output"))),
    "of parameters": lambda state: saved({name: nn.Parameter(value) for name, value in state.items()}),
}


@pytest.mark.parametrize("how", READ)
def test_what_people_save_is_read(how: str, state: State, tmp_path: Path) -> None:
    file = tmp_path / "net.pt"
    file.write_bytes(READ[how](state))
    found, sha256 = read_weights(file)
    assert list(found) == list(state) and len(sha256) == 64
    assert all(torch.equal(found[name], value) for name, value in state.items())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_precisions_become_float32(dtype: torch.dtype, state: State, tmp_path: Path) -> None:
    file = tmp_path / "net.pt"
    file.write_bytes(saved({name: value.to(dtype) for name, value in state.items()}))
    found, _ = read_weights(file)
    assert all(torch.equal(found[name], value.to(dtype).float()) for name, value in state.items())


def with_value(state: State, value: float) -> bytes:
    state["fc2.bias"][3] = value
    return saved(state)


def without_central_directory(state: State) -> bytes:
    return saved(state)[:-100]


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"net/{name.replace('_', '.')}", content)
    return buffer.getvalue()


def script(state: State) -> bytes:
    return zipped(data_pkl=b"", constants_pkl=b"")


REFUSED = {
    "empty": (lambda state: b"", "neither a file of torch.save nor safetensors"),
    "a picture": (lambda state: b"\x89PNG\r\n\x1a\n" + bytes(100), "neither a file of torch.save nor safetensors"),
    "cut off": (lambda state: saved(state)[:20_000], "damaged or cut off"),
    "cut off at its end": (without_central_directory, "damaged or cut off"),
    "safetensors cut off": (lambda state: as_safetensors(state)[:20_000], "damaged or cut off"),
    "damaged": (lambda state: zipped(data_pkl=b"\x80\x02nonsense"), "damaged or cut off"),
    "a bomb": (
        lambda state: zipped(data_pkl=b"\x80\x02.", data_0=bytes(70_000_000)),
        "unpacks to more than 64,000,000",
    ),
    "too large": (lambda state: b"PK\x03\x04" + bytes(64_000_000), "has more than 64,000,000 bytes"),
    "a whole module": (lambda state: saved(Notebook()), "Notebook, and code in a file is never run"),
    "a module in a checkpoint": (lambda state: saved({"model": Notebook()}), "code in a file is never run"),
    "an old format": (lambda state: saved(state, _use_new_zipfile_serialization=False), "PyTorch before 1.6"),
    "TorchScript": (script, "is a TorchScript program"),
    "another ZIP": (lambda state: zipped(document_xml=b"<a/>"), "a ZIP, but not torch.save's"),
    "a number": (lambda state: saved(3), "holds no state dict but a int"),
    "no tensors": (lambda state: saved({"epoch": 3}), "holds no state dict but a dict without tensors"),
    "a layer too few": (lambda state: saved({n: v for n, v in state.items() if "fc3" not in n}), "expected 10 tensors"),
    "one more layer": (
        lambda state: saved(state | {"fc4.bias": torch.zeros(3)}),
        "found 11, conv1.weight (6, 1, 5, 5)",
    ),
    "a network for 28×28": (
        lambda state: saved(state | {"fc1.weight": torch.zeros(120, 256)}),
        "other layers: fc1.weight (120, 256); expected fc1.weight (120, 400)",
    ),
    "not a number": (lambda state: with_value(state, float("nan")), "fc2.bias has values that are not finite"),
    "infinite": (lambda state: with_value(state, float("inf")), "fc2.bias has values that are not finite"),
    "whole numbers": (lambda state: saved({n: v.int() for n, v in state.items()}), "conv1.weight is torch.int32"),
    "sparse": (lambda state: saved(state | {"fc3.bias": state["fc3.bias"].to_sparse()}), "fc3.bias is torch.float32"),
    "on no device": (lambda state: saved(state | {"fc3.bias": torch.zeros(10, device="meta")}), "fc3.bias is"),
    "a name of two lines": (lambda state: saved({"a\nb": torch.zeros(3)}), r"found 1, a\nb (3,)"),
}


@pytest.mark.parametrize("how", REFUSED)
@pytest.mark.filterwarnings("ignore:Sparse")
def test_anything_else_is_one_line_that_says_what_was_expected(how: str, state: State, tmp_path: Path) -> None:
    make, reason = REFUSED[how]
    file = tmp_path / "net.pt"
    file.write_bytes(make(state))
    with pytest.raises(UnusableWeights) as raised:
        read_weights(file)
    text = str(raised.value)
    assert text.startswith(f"{file}: ") and reason in text and "\n" not in text and len(text) < 700


def test_whoever_saved_a_whole_module_is_told_the_line_that_saves_a_state_dict(tmp_path: Path) -> None:
    file = tmp_path / "net.pt"
    file.write_bytes(saved(Notebook()))
    with pytest.raises(UnusableWeights, match=re.escape("torch.save(net.state_dict(), 'net.pt')")):
        read_weights(file)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_file_is_never_run(protocol: int, is_zip: bool, tmp_path: Path) -> None:
    file, trap = tmp_path / "net.pt", tmp_path / "trap"
    content = pickle.dumps({"conv1.weight": Harmful(trap)}, protocol)
    if is_zip:
        file.write_bytes(zipped(data_pkl=content, version=b"3\n"))
    else:
        file.write_bytes(content)
    with pytest.raises(UnusableWeights, match=r"never run|is a pickle") as raised:
        read_weights(file)
    assert SAVE in str(raised.value) and not trap.exists()


def test_no_more_of_a_file_is_read_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_file, "MAX_BYTES", 1000)
    with pytest.raises(UnusableWeights, match="has more than 1,000 bytes"):
        read_weights(Path("/dev/zero"))


@pytest.mark.parametrize(("path", "reason"), [("nowhere.pt", "No such file"), ("/tmp", "Is a directory")])
def test_a_file_that_is_not_there_is_one_line(path: str, reason: str) -> None:
    with pytest.raises(UnusableWeights, match=f"{path}: {reason}"):
        read_weights(Path(path))
