"""Output tensors of the Open Inference Protocol V2: those that a request asks for, as JSON or as binary data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import to_json

from app.inference.tensors import BYTES, DTYPES, LENGTH_BYTES, InvalidTensor, Values
from app.schemas.inference import RequestOutput


class Tensor(NamedTuple):
    """An output tensor. shape: of BYTES, (N,) or (N, k)."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Values


def requested(tensors: Mapping[str, Tensor], outputs: Sequence[RequestOutput] | None) -> list[Tensor]:
    """The tensors that a request asks for, in its order; all if it names none. Raises InvalidTensor."""
    found = []
    for output in outputs or ():
        tensor = tensors.get(output.name)
        if tensor is None:
            raise InvalidTensor(f"The model has no output {output.name!r}, but {', '.join(tensors)}.")
        if output.parameters.shared_memory_region is not None:
            raise InvalidTensor("Shared memory is not supported; take the output from the answer.")
        if (count := output.parameters.classification) is not None:
            if tensor.datatype != "FP32" or len(tensor.shape) != 2:
                raise InvalidTensor(f"The output {output.name!r} has no classes; only `probabilities` has.")
            tensor = classified(tensor, count)
        found.append(tensor)
    return found or list(tensors.values())


def classified(tensor: Tensor, count: int) -> Tensor:
    """The `count` highest elements of each row as text `value:index:label`, the highest first. Labels are digits."""
    rows = np.asarray(tensor.values)
    count = min(count, rows.shape[1])
    order = np.argsort(-rows, axis=1, kind="stable")[:, :count]
    elements = [
        f"{row[index]:.6f}:{index}:{index}".encode() for row, best in zip(rows, order, strict=True) for index in best
    ]
    return Tensor(tensor.name, BYTES, (len(rows), count), elements)


def encode_response(
    head: Mapping[str, str], tensors: Sequence[Tensor], are_binary: Sequence[bool]
) -> tuple[bytes, int | None]:
    """The body of a response, and the length of its JSON if binary data follow it.

    head: the members before `outputs`; are_binary: for each tensor, whether it is sent as binary data.
    """
    outputs: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    for tensor, is_binary in zip(tensors, are_binary, strict=True):
        output: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
        if is_binary:
            blobs.append(as_binary(tensor))
            output["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            output["data"] = as_list(tensor)
        outputs.append(output)
    text = to_json({**head, "outputs": outputs})
    return b"".join([text, *blobs]), len(text) if blobs else None


def as_binary(tensor: Tensor) -> bytes:
    """The tensor's elements as binary data."""
    if isinstance(tensor.values, list):
        return b"".join(len(one).to_bytes(LENGTH_BYTES, "little") + one for one in tensor.values)
    return tensor.values.astype(DTYPES[tensor.datatype]).tobytes()


def as_list(tensor: Tensor) -> list[Any]:
    """The tensor's elements for JSON, flat. BYTES become text."""
    if isinstance(tensor.values, list):
        return [one.decode() for one in tensor.values]
    values: list[Any] = tensor.values.ravel().tolist()
    return values
