"""A training step as a CUDA graph: what a GPU needs to be busy with a small network. On a CPU it changes nothing.

A training step is many small kernels, and the CPU takes its time to start each. A CUDA graph, recorded once, starts
them all at once: see "CUDA Graphs" in PyTorch's notes on CUDA semantics.

What it brings: on an NVIDIA H200 a step of the full recipe takes 0.9 ms, the full recipe 45 s and the quick one 0.37 s
(`python -m bench.train --full`, `model/LOG.md`). Without the graph it was not measured: a
step is some 350 kernels, and at the 5 to 10 µs that a CPU takes to start one they alone would take 2 to 3 ms. It stays,
since it changes one line of the training loop.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

WARM_UP = 3  # calls before the recording, in which libraries and the optimizer make what they keep


class GraphedStep:
    """A function of settings and of tensors that always have the same shapes, on a GPU replayed as a CUDA graph.

    Every call does the work once, be it for warming up or as a replay. What it reads beside its arguments has to stay
    where it is in memory, and its answer is overwritten by the next call. Other settings are recorded anew.
    """

    def __init__(self, work: Callable[..., Tensor], generator: Generator) -> None:
        self.work = work
        self.generator = generator
        self.settings: object = None
        self.calls = 0

    def __call__(self, settings: object, *inputs: Tensor) -> Tensor:
        """What `work(settings, *inputs)` answers."""
        if self.generator.device.type != "cuda":
            return self.work(settings, *inputs)
        if settings != self.settings:
            self.settings, self.calls = settings, 0
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
            output = self.work(self.settings, *inputs)
        torch.cuda.current_stream().wait_stream(stream)
        return output

    def record(self, *inputs: Tensor) -> None:
        """Record the work without doing it."""
        self.inputs = [value.clone() for value in inputs]
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(self.generator)
        with torch.cuda.graph(self.graph):
            self.output = self.work(self.settings, *self.inputs)
