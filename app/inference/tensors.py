"""Tensors of the Open Inference Protocol V2: from a request's JSON and binary data to arrays.

Binary data are little-endian and row-major, without padding. An element of BYTES has its length before it, in 4 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from app.http.errors import BadRequest, Problem
from app.schemas.inference import InferenceRequest, RequestInput
from app.schemas.json_body import is_small_json, validate_counted

BYTES = "BYTES"
DTYPES = {"FP32": "<f4", "UINT8": "|u1", "INT64": "<i8", "BOOL": "|b1"}
LENGTH_BYTES = 4  # of the length before each element of BYTES
NUMBERS = {int, float}

Values = NDArray[Any] | list[bytes]  # of BYTES a list, else an array with the tensor's shape

inference_request = TypeAdapter(InferenceRequest)


class InvalidTensor(Problem):
    status, slug, title = 400, "invalid-tensor", "A tensor is not what the model takes, or its parts do not add up"
    remedy = "GET /v2/models/{model} names the tensors with their datatypes and shapes."


def parse_request(body: bytes, header_length: str, most: int) -> tuple[InferenceRequest, bytes]:
    """The JSON of a request, and the binary data after it.

    header_length: the header Inference-Header-Content-Length, empty if the body is JSON alone; most: images in a
    request, by which the number of JSON's values is bounded. Raises BadRequest, InvalidField, MalformedJson.
    """
    length = len(body)
    if header_length:
        if not (header_length.isascii() and header_length.isdigit() and len(header_length) < 10):
            raise BadRequest(f"Inference-Header-Content-Length must be a number of bytes, not {header_length[:40]!r}.")
        length = int(header_length)
        if length > len(body):
            raise BadRequest(
                f"Inference-Header-Content-Length is {length:,}, but the body has only {len(body):,} bytes."
            )
    text = body[:length]
    if not is_small_json(text, most):
        raise BadRequest(f"The JSON has more values than {most} images have; send them as binary data, or fewer.")
    return validate_counted(inference_request, text), body[length:]


def only_input(request: InferenceRequest, data: bytes, name: str) -> tuple[RequestInput, bytes | None]:
    """The one input of a request, which must have the name, and its binary data, None if it is in JSON.

    data: what follows the JSON in the body. Raises InvalidTensor.
    """
    if len(request.inputs) != 1 or request.inputs[0].name != name:
        names = ", ".join(repr(each.name) for each in request.inputs)
        raise InvalidTensor(f"The model takes one input, {name!r}; the request has {names}.")
    (given,) = request.inputs
    if given.parameters.shared_memory_region is not None:
        raise InvalidTensor("Shared memory is not supported; send the tensor's data.")
    size = given.parameters.binary_data_size
    if (size is None) == (given.data is None):
        raise InvalidTensor(f"The input {name!r} must have either `data` or `binary_data_size`.")
    if (size or 0) != len(data):
        raise InvalidTensor(
            f"{len(data):,} bytes follow the JSON, and the input {name!r} says {size or 0:,}. "
            "Is Inference-Header-Content-Length the length of the JSON?"
        )
    return given, None if size is None else data


def numbers_of(given: RequestInput, data: bytes | None) -> NDArray[Any]:
    """The elements of FP32 or UINT8 as an array with the input's shape. Raises InvalidTensor."""
    dtype, count = np.dtype(DTYPES[given.datatype]), prod(given.shape)
    if data is not None:
        if len(data) != count * dtype.itemsize:
            raise InvalidTensor(
                f"The shape {given.shape} of {given.datatype} needs {count * dtype.itemsize:,} bytes, "
                f"not {len(data):,}."
            )
        return np.frombuffer(data, dtype).reshape(given.shape)
    flat = flattened(given.data or [], len(given.shape))
    if len(flat) != count:
        raise InvalidTensor(f"The shape {given.shape} needs {count:,} elements, not {len(flat):,}.")
    if not set(map(type, flat)) <= NUMBERS:
        raise InvalidTensor(f"The elements of {given.datatype} must be numbers.")
    try:
        values = np.array(flat, np.float64)
    except OverflowError:  # an integer beyond every float
        raise InvalidTensor(f"An element is too large for {given.datatype}.") from None
    if given.datatype == "UINT8" and not (np.all((values >= 0) & (values <= 255)) and np.all(values == values.round())):
        raise InvalidTensor("The elements of UINT8 must be whole numbers from 0 to 255.")
    with np.errstate(over="ignore"):  # an element beyond every float32 becomes infinite
        return values.astype(dtype).reshape(given.shape)


def bytes_of(given: RequestInput, data: bytes | None) -> list[bytes]:
    """The elements of BYTES, in order. In JSON they are text. Raises InvalidTensor."""
    count = prod(given.shape)
    if data is not None:
        elements = list(split_elements(data, count))
    else:
        flat = flattened(given.data or [], len(given.shape))
        if set(map(type, flat)) - {str}:
            raise InvalidTensor("The elements of BYTES must be strings.")
        elements = [text.encode() for text in flat]
    if len(elements) != count:
        raise InvalidTensor(f"The shape {given.shape} needs {count:,} elements, not {len(elements):,}.")
    return elements


def split_elements(data: bytes, most: int) -> Iterator[bytes]:
    """Cut binary BYTES into its elements, `most` at most. Raises InvalidTensor."""
    position = 0
    while position < len(data):
        begin = position + LENGTH_BYTES
        position = begin + int.from_bytes(data[position:begin], "little")
        if begin > len(data) or position > len(data):
            raise InvalidTensor("The binary data of BYTES end within an element: its length goes beyond them.")
        if not most:
            raise InvalidTensor("The binary data of BYTES have more elements than the shape says.")
        most -= 1
        yield data[begin:position]


def flattened(data: list[Any], depth: int) -> list[Any]:
    """The elements of nested lists, `depth` levels at most, as one flat list."""
    for _ in range(depth - 1):
        if set(map(type, data)) != {list}:
            break
        data = list(chain.from_iterable(data))
    return data
