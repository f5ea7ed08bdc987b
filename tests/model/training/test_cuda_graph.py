"""A training step replayed as a CUDA graph gives the same results as the plain call."""

from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor

from model.training.cuda_graph import WARM_UP, GraphedStep

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_gpu)])
def test_every_call_does_the_work_once_with_its_own_settings_inputs_and_draws(device: str) -> None:
    sums = [torch.zeros(3, device=device) for _ in range(2)]

    def add_to(total: Tensor, generator: Generator, factor: float, value: Tensor) -> Tensor:
        total += factor * value + torch.rand(3, generator=generator, device=device)
        return total.sum()

    generators = [Generator(device).manual_seed(1) for _ in sums]
    step = GraphedStep(lambda factor, value: add_to(sums[0], generators[0], factor, value), generators[0])
    for factor in (1.0, 0.5):
        for count in range(2 * WARM_UP):
            value = torch.full((3,), float(count), device=device)
            torch.testing.assert_close(step(factor, value), add_to(sums[1], generators[1], factor, value))
    torch.testing.assert_close(sums[0], sums[1])
