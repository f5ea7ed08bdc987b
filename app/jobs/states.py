"""The states of a retraining job, and the moves between them.

queued → running → evaluating → promoted | kept
└────────┴──────────┴→ failed | cancelled | interrupted
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """The state of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    EVALUATING = "evaluating"
    PROMOTED = "promoted"
    KEPT = "kept"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


ENDED_EARLY = {State.FAILED, State.CANCELLED, State.INTERRUPTED}
MOVES: dict[State, set[State]] = {
    State.QUEUED: {State.RUNNING} | ENDED_EARLY,
    State.RUNNING: {State.EVALUATING} | ENDED_EARLY,
    State.EVALUATING: {State.PROMOTED, State.KEPT} | ENDED_EARLY,
}
ACTIVE = frozenset(MOVES)


def sources_of(target: State) -> list[State]:
    """The states from which a job may move to the target."""
    return [state for state, targets in MOVES.items() if target in targets]
