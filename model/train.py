"""Train the network and publish what comes out: define, iterate, forward, loss, backpropagate, update.

numeral train                 (or: python -m model.train)
numeral train --quick --seed 7
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from typing import TypeVar, cast

import torch
from torch import Generator, Tensor, nn

from model.batches import Batches, WithOutliers
from model.data import Labelled, Splits, check_trainable
from model.lessons import Lessons
from model.net import Net
from model.paired import forward
from model.publish import Outcome, publish, starting_weights
from model.recipe import OnProgress, Recipe, ShouldStop
from model.store import Store
from model.teacher import Teacher
from model.watch import Watch

AnyNet = TypeVar("AnyNet", bound=nn.Module)
Read = Callable[[Tensor], Tensor]  # a forward pass: logits (N, 10) of images (N, 1, 32, 32)


def run(
    store: Store,
    recipe: Recipe,
    splits: Splits,
    *,
    samples: Labelled,
    held_out: Labelled,
    start: str = "current",
    promote: str = "auto",
    on_progress: OnProgress = lambda progress: None,
    should_stop: ShouldStop = lambda: False,
) -> Outcome:
    """Fit, evaluate, pass the gate, publish.

    samples, held_out: users' digits to train on and to judge by, perhaps none; start: "current" weights or "scratch";
    promote: "auto" activates what the gate lets through, "manual" never does. Raises ModelError.
    """
    state = starting_weights(store) if start == "current" else None
    net = fit(splits.train, splits.validation, recipe, start=state, extra=samples,
              on_progress=on_progress, should_stop=should_stop)  # fmt: skip
    return publish(store, net, recipe, splits, samples, held_out, promote, on_progress)


def fit(
    train: Labelled,
    validation: Labelled,
    recipe: Recipe,
    *,
    start: dict[str, Tensor] | None = None,
    extra: Labelled | None = None,
    on_progress: OnProgress = lambda progress: None,
    should_stop: ShouldStop = lambda: False,
) -> Net:
    """A network trained on `train`, with `extra` mixed into each batch; the moving average of its weights.

    A recipe with teachers trains them first. What comes is the network after the last epoch, or, with patience, the
    best one. start: a state dict to go on from. Raises DataError, Diverged or Stopped.
    """
    check_trainable(train)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(recipe.seed)
    generator = Generator(device).manual_seed(recipe.seed)
    batches = WithOutliers(Batches(train, extra, recipe, device, generator), train, recipe, device, generator)

    def learned(net: AnyNet, read: Read, recipe: Recipe, teachers: Sequence[nn.Module], stage: str) -> AnyNet:
        lessons = Lessons(batches, recipe, generator, teachers)
        steps = recipe.epochs * len(lessons)
        return learn(net, read, lessons, Watch(stage, recipe, steps, validation, extra, on_progress, should_stop))

    teachers = []
    for number in range(1, recipe.teachers + 1):
        teacher = Teacher().to(device)
        teachers.append(learned(teacher, teacher, recipe.of_teacher(number), (), f"teacher {number}"))
    net = Net().to(device)
    if start is not None:
        net.load_state_dict(start)
    return learned(net, partial(forward, net), recipe, teachers, "training").cpu()


def learn(net: AnyNet, read: Read, lessons: Lessons, watch: Watch) -> AnyNet:
    """Train the network; answers with the moving average of its weights, ready to evaluate.

    read: the network's forward pass; watch: whom the training tells, and who ends it.
    """
    recipe = lessons.recipe
    average = {name: value.clone() for name, value in net.state_dict().items()}
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=watch.steps, pct_start=0.2
    )

    # Iterate over the data.
    step = 0
    for epoch in range(1, recipe.epochs + 1):
        for images, targets in lessons.epoch(epoch):
            # Forward.
            logits = read(images)
            # Compute the loss.
            loss = lessons.loss(logits, targets)
            # Propagate the gradients back.
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            # Update the weights.
            optimizer.step()
            schedule.step()
            step += 1
            update_average(average, net, decay=min(recipe.averaging, step / (step + 9)))
            watch.after_step(epoch, step, loss)
        if watch.after_epoch(epoch, step, loss, averaged(net, average)):
            break
    return cast(AnyNet, watch.best.net)


def update_average(average: dict[str, Tensor], net: nn.Module, decay: float) -> None:
    """Move the average towards the network's weights and statistics by 1 − decay; counters are copied."""
    now = net.state_dict()
    moving = [name for name, value in now.items() if value.is_floating_point()]
    torch._foreach_lerp_([average[name] for name in moving], [now[name] for name in moving], 1 - decay)
    for name in now.keys() - set(moving):
        average[name].copy_(now[name])


def averaged(net: AnyNet, average: dict[str, Tensor]) -> AnyNet:
    """A copy of the network with the averaged weights, ready to evaluate."""
    made = deepcopy(net)
    made.load_state_dict(average)
    return made.eval()


if __name__ == "__main__":
    from model.train_command import main

    sys.exit(main(sys.argv[1:]))
