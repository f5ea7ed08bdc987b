"""The summed weight of all paths through many lattices at once, and its gradient.

It is the forward algorithm; the gradient of an edge's log weight is the share of all paths that take the edge.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

NEVER = -1e9  # log weight of what is not there


class PathSums(torch.autograd.Function):
    """`path_sums` with a gradient of its own: autograd would remember each small step, where the sums are enough."""

    @staticmethod
    def forward(ctx: FunctionCtx, weights: Tensor, origins: Tensor) -> Tensor:
        """As `path_sums`."""
        lines, nodes, edges, rows = weights.shape
        sums = weights.new_full((lines, nodes, rows), NEVER)
        sums[:, 0, [0, -1]] = 0
        flat = sums.view(lines, -1)
        for node in range(1, nodes):
            before = flat.gather(1, origins[:, node].reshape(lines, -1)).view(lines, edges, rows)
            sums[:, node] = (before + weights[:, node]).logsumexp(1)
        ctx.save_for_backward(weights, origins, sums)
        return sums

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        """The gradient of the weights."""
        weights, origins, sums = ctx.saved_tensors  # type: ignore[attr-defined]
        lines, nodes, _, _ = weights.shape
        before = sums.view(lines, -1).gather(1, origins.reshape(lines, -1)).view_as(weights)
        shares = (before + weights - sums[:, :, None]).exp()
        of_nodes = gradient.contiguous().clone()
        flat = of_nodes.view(lines, -1)
        for node in range(nodes - 1, 0, -1):
            shares[:, node] *= of_nodes[:, node, None]
            flat.scatter_add_(1, origins[:, node].reshape(lines, -1), shares[:, node].reshape(lines, -1))
        shares[:, 0] = 0
        return shares, None


def path_sums(weights: Tensor, origins: Tensor) -> Tensor:
    """Log of the summed weight of all paths to each row of each node: float (S, N, R).

    They begin at the first node, in its first row and in its last. weights: float (S, N, E, R), log weight of each edge
    into a row of a node; origins: int64 (S, N, E, R), where it begins: R times its first node, plus the row there.
    """
    sums: Tensor = PathSums.apply(weights, origins)  # type: ignore[no-untyped-call]
    return sums
