"""Requests and responses of the Open Inference Protocol V2, with the extensions for binary data and classification.

Sources: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol, and Triton's documents
extension_binary_data.md and extension_classification.md. Members and parameters that are not known here are ignored, as
the protocol's extensions want it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from model.numbers.reader import MAX_DIGITS

MAX_TENSORS = 16  # inputs or outputs of one request; a model here has one input and four outputs at most
MAX_DIMENSIONS = 8
MAX_SIZE = 2**31 - 1  # of a dimension

Name = Annotated[str, Field(min_length=1, max_length=200)]
Dimension = Annotated[StrictInt, Field(ge=0, le=MAX_SIZE)]
Data = Annotated[list[Any], Field(description="the elements, flat or nested, row by row")]
SharedMemory = Annotated[Any, Field(description="not supported: its name is refused")]


class InputParameters(BaseModel):
    """Parameters of an input."""

    binary_data_size: Annotated[
        StrictInt | None, Field(ge=0, description="bytes of this tensor, which follow the JSON in the body")
    ] = None
    shared_memory_region: SharedMemory = None


class RequestInput(BaseModel):
    """An input tensor: its elements are in `data`, or they follow the JSON as binary data."""

    name: Name
    shape: Annotated[list[Dimension], Field(min_length=1, max_length=MAX_DIMENSIONS)]
    datatype: Name
    parameters: InputParameters = InputParameters()
    data: Data | None = None


class OutputParameters(BaseModel):
    """Parameters of a requested output."""

    binary_data: Annotated[StrictBool | None, Field(description="whether it follows the JSON as binary data")] = None
    classification: Annotated[
        StrictInt | None, Field(ge=1, description="how many of the likeliest digits to answer, as `probability:digit`")
    ] = None
    shared_memory_region: SharedMemory = None


class RequestOutput(BaseModel):
    """An output that is asked for."""

    name: Name
    parameters: OutputParameters = OutputParameters()


class RequestParameters(BaseModel):
    """Parameters of the whole request."""

    binary_data_output: Annotated[StrictBool, Field(description="whether outputs are binary unless they say so")] = (
        False
    )
    digits: Annotated[
        StrictInt | None, Field(ge=1, le=MAX_DIGITS, description="for numbers-image: how many digits each number has")
    ] = None


class InferenceRequest(BaseModel):
    """A request for an inference."""

    id: Annotated[str, Field(max_length=1000)] | None = None
    parameters: RequestParameters = RequestParameters()
    inputs: Annotated[list[RequestInput], Field(min_length=1, max_length=MAX_TENSORS)]
    outputs: Annotated[list[RequestOutput] | None, Field(max_length=MAX_TENSORS, description="all if missing")] = None


class ResponseOutput(BaseModel):
    """An output tensor. With `parameters.binary_data_size` its elements follow the JSON, else they are in `data`."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, int] | None = None
    data: list[Any] | None = None


class InferenceResponse(BaseModel):
    """The outputs of an inference."""

    model_config = ConfigDict(protected_namespaces=())

    model_name: str
    model_version: str
    id: Annotated[str, Field(description="as in the request, or the X-Request-ID")]
    outputs: list[ResponseOutput]


class InferenceError(BaseModel):
    """An error, as every address under /v2 and /v1 answers it."""

    error: str


class TensorMetadata(BaseModel):
    """A tensor that a model takes or answers. A dimension of -1 may have any size."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(BaseModel):
    """What a model takes and answers."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ServerMetadata(BaseModel):
    """The server and the protocol's extensions that it has."""

    name: str
    version: str
    extensions: list[str]


class ServerLive(BaseModel):
    """The process answers."""

    live: bool = True


class ServerReady(BaseModel):
    """Whether inferences are answered."""

    ready: bool


class ModelReady(BaseModel):
    """Whether inferences by this model are answered."""

    name: str
    ready: bool


class ConfigTensor(BaseModel):
    """A tensor in Triton's model configuration, without the dimension of the batch."""

    name: str
    data_type: str
    dims: list[int]


class ModelConfig(BaseModel):
    """Triton's model configuration, as far as clients use it."""

    name: str
    platform: str
    backend: str
    max_batch_size: int
    input: list[ConfigTensor]
    output: list[ConfigTensor]


class IndexedModel(BaseModel):
    """A version of a model in the repository's index."""

    name: str
    version: str
    state: str
    reason: str = ""
