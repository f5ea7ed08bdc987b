"""Read weights that somebody else saved: a state dict of PyTorch, or safetensors. Code in the file is never run.

A file is refused by its size before it is read, and by its tensors' shapes before any of them is copied. The layers may
have any names, since the ten shapes of `Net` differ; a checkpoint may hold its state dict under one of NESTED.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from model.data.folders import image_bytes
from model.errors import UnusableWeights
from model.net import Net

MAX_BYTES = 64_000_000  # of a file, and of what it unpacks to; with an optimizer's state, the network has a megabyte
NESTED = ("state_dict", "model_state_dict", "model", "net", "weights")  # where checkpoints keep the state dict
MAX_DEPTH = 4  # such dicts in one another
ZIP, PICKLE = b"PK\x03\x04", b"\x80"  # first bytes: of torch.save since PyTorch 1.6, and of pickle
SHOWN = 4  # tensors that an error names
SAVE = "save the state dict, which is data alone: torch.save(net.state_dict(), 'net.pt')"


def read_weights(path: Path) -> tuple[dict[str, Tensor], str]:
    """The file's tensors, float32, with the names and shapes of `Net`'s, and its SHA-256. Raises UnusableWeights."""
    try:
        data = image_bytes(path, MAX_BYTES)
    except OSError as error:
        raise UnusableWeights(f"{path}: {error.strerror}") from None
    try:
        state = {name: plain(name, value) for name, value in as_net(state_dict_in(unpack(data))).items()}
    except UnusableWeights as error:
        raise UnusableWeights(f"{path}: {error}") from None
    return state, hashlib.sha256(data).hexdigest()


def unpack(data: bytes) -> Any:
    """What the file's bytes hold; its format is told by them, not by its name. Raises UnusableWeights."""
    if len(data) > MAX_BYTES:
        raise UnusableWeights(f"has more than {MAX_BYTES:,} bytes; the weights of this network have 0.3 MB")
    if data.startswith(ZIP):
        return unpack_torch(data)
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") <= len(data):
        return unpack_safetensors(data)
    if data.startswith(PICKLE):
        raise UnusableWeights(f"is a pickle, or from PyTorch before 1.6; {SAVE}")
    raise UnusableWeights(f"is neither a file of torch.save nor safetensors; {SAVE}")


def unpack_safetensors(data: bytes) -> dict[str, Tensor]:
    """The tensors in a file of safetensors. Raises UnusableWeights."""
    try:
        return safetensors.torch.load(data)
    except Exception as error:  # safetensors' own exception is no subclass of a builtin one
        raise UnusableWeights(f"is damaged or cut off: {first_line(error)}") from None


def unpack_torch(data: bytes) -> Any:
    """What torch.save put into a ZIP, without running the code that may be in it. Raises UnusableWeights."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnusableWeights(f"is damaged or cut off: {first_line(error)}") from None
    names = {member.filename.rpartition("/")[2] for member in members}
    if "constants.pkl" in names:
        raise UnusableWeights(f"is a TorchScript program; {SAVE}")
    if "data.pkl" not in names:
        raise UnusableWeights(f"is a ZIP, but not torch.save's; {SAVE}")
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise UnusableWeights(f"unpacks to more than {MAX_BYTES:,} bytes; the weights of this network have 0.3 MB")
    try:
        with warnings.catch_warnings(action="ignore"):  # of a newer pickle protocol, whose commands may be refused
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"the class or function {named[1]}" if named else "more than tensors"
        raise UnusableWeights(f"holds {what}, and code in a file is never run; {SAVE}") from None
    except Exception as error:  # whatever a damaged file leads to: there is no common class
        raise UnusableWeights(f"is damaged or cut off: {first_line(error)}") from None


def first_line(error: Exception) -> str:
    """The first line of the error's text, or its kind if there is none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def state_dict_in(found: Any) -> dict[str, Tensor]:
    """The tensors of a state dict, itself or nested in a checkpoint, without what all names begin with.

    So `module.` of DataParallel and `_orig_mod.` of torch.compile vanish. Raises UnusableWeights.
    """
    for _ in range(MAX_DEPTH):
        nested = [found[name] for name in NESTED if isinstance(found, dict) and isinstance(found.get(name), dict)]
        found = nested[0] if nested else found
    tensors = (
        {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
        if isinstance(found, dict)
        else {}
    )
    if not tensors:
        raise UnusableWeights(f"holds no state dict but a {type(found).__name__} without tensors; {SAVE}")
    while len({name.partition(".")[0] for name in tensors}) == 1 and all("." in name for name in tensors):
        tensors = {name.partition(".")[2]: value for name, value in tensors.items()}
    return tensors


def as_net(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names of `Net`'s, in its order. Raises UnusableWeights, which says what was expected."""
    expected = {name: value.shape for name, value in Net().state_dict().items()}
    if tensors.keys() == expected.keys():
        wrong = [name for name, shape in expected.items() if tensors[name].shape != shape]
        if wrong:
            found = shown({name: tensors[name].shape for name in wrong})
            raise UnusableWeights(f"has other layers: {found}; expected {shown({n: expected[n] for n in wrong})}")
        return {name: tensors[name] for name in expected}
    named = {value.shape: value for value in tensors.values()}
    if len(tensors) != len(expected) or named.keys() != set(expected.values()):
        raise UnusableWeights(
            f"is no state dict of the tutorial's Net: expected {len(expected)} tensors, {shown(expected)}; "
            f"found {len(tensors)}, {shown({name: value.shape for name, value in tensors.items()})}"
        )
    return {name: named[shape] for name, shape in expected.items()}


def shown(shapes: dict[str, torch.Size]) -> str:
    """Some names and shapes, on one line."""
    some = [f"{ascii(name)[1:-1][:40]} {tuple(shape)}" for name, shape in list(shapes.items())[:SHOWN]]
    return ", ".join(some) + (", …" if len(shapes) > SHOWN else "")


def plain(name: str, value: Tensor) -> Tensor:
    """The tensor as float32 of its own memory. Raises UnusableWeights unless it is dense, and every number finite."""
    if not value.is_floating_point() or value.layout != torch.strided or value.device.type != "cpu":
        raise UnusableWeights(f"{name} is {value.dtype} ({value.layout}, {value.device}); expected dense float32")
    made = value.detach().to(torch.float32).contiguous().clone()
    if not made.isfinite().all():
        raise UnusableWeights(f"{name} has values that are not finite: that training diverged")
    return made
