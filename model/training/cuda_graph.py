"""Recorded once and replayed at each step: what a GPU needs to be busy with a small network.

A training step is many small kernels, and the CPU takes its time to start each. A CUDA graph starts them all at once:
see "CUDA Graphs" in PyTorch's notes on CUDA semantics.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

WARM_UP = 3  # calls before the recording, in which libraries and the optimizer make what they keep


class Replayed:
    """Work on tensors of always the same shapes: called as it is on a CPU, as a CUDA graph on a GPU.

    Every call does the work once, be it for warming up or as a replay. What it reads beside its arguments has to stay
    where it is in memory, and its answer is overwritten by the next call.
    """

    def __init__(self, work: Callable[..., Tensor], generator: Generator) -> None:
        self.work = work
        self.generator = generator
        self.calls = 0

    def __call__(self, *inputs: Tensor) -> Tensor:
        """What the work answers."""
        if self.generator.device.type != "cuda":
            return self.work(*inputs)
        self.calls += 1
        if self.calls <= WARM_UP:
            return self.beside(*inputs)
        if self.calls == WARM_UP + 1:
            self.record(*inputs)
        for place, value in zip(self.inputs, inputs, strict=True):
            place.copy_(value)
        self.graph.replay()
        return self.output

    def beside(self, *inputs: Tensor) -> Tensor:
        """Do the work on a stream of its own, as what is to be recorded must have been done before."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            output = self.work(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
        return output

    def record(self, *inputs: Tensor) -> None:
        """Record the work without doing it."""
        self.inputs = [value.clone() for value in inputs]
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(self.generator)
        with torch.cuda.graph(self.graph):
            self.output = self.work(*self.inputs)
