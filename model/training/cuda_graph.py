"""Run a training step as a CUDA graph, which keeps a GPU busy even with a small network. On a CPU it changes nothing.

A training step is many small kernels, and the CPU needs time to launch each. A CUDA graph is recorded once and then
launches them all at once: see "CUDA Graphs" in PyTorch's notes on CUDA semantics.

What it gains: on an NVIDIA H200 a step of the full recipe takes 0.9 ms, the full recipe 45 s and the quick one 0.37 s
(`python -m bench.train --full`, `model/LOG.md`). The time without the graph was not measured. An estimate: a step is
some 350 kernels, and a CPU takes 5 to 10 µs to launch one, so that launching alone would take 2 to 3 ms. The graph is
kept because it changes only one line of the training loop.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

WARM_UP = 3  # calls before the recording, in which libraries and the optimizer allocate their state


class GraphedStep:
    """Calls `work(settings, *inputs)`; on a GPU it replays the call as a CUDA graph.

    Every call does the work once, in the warm-up as in a replay. The inputs must always have the same shapes; whatever
    else the work reads must stay at its place in memory. The next call overwrites the result. New settings are recorded
    anew.
    """

    def __init__(self, work: Callable[..., Tensor], generator: Generator) -> None:
        self.work = work
        self.generator = generator
        self.settings: object = None
        self.calls = 0

    def __call__(self, settings: object, *inputs: Tensor) -> Tensor:
        """Return the result of `work(settings, *inputs)`."""
        if self.generator.device.type != "cuda":
            return self.work(settings, *inputs)
        if settings != self.settings:
            self.settings, self.calls = settings, 0
        self.calls += 1
        if self.calls <= WARM_UP:
            return self.run_on_side_stream(*inputs)
        if self.calls == WARM_UP + 1:
            self.record(*inputs)
        for place, value in zip(self.inputs, inputs, strict=True):
            place.copy_(value)
        self.graph.replay()
        return self.output

    def run_on_side_stream(self, *inputs: Tensor) -> Tensor:
        """Do the work on a stream of its own: the warm-up that CUDA requires before a recording."""
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
