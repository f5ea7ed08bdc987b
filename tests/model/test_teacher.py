"""Teachers are trained first, and their answers are what the network learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Generator, Tensor, nn

from model.batches import Batches, WithOutliers
from model.data import Splits
from model.lessons import Lessons
from model.recipe import Progress, Recipe
from model.teacher import PARAMETERS, Teacher
from model.train import fit
from model.watch import accuracy

TAUGHT = Recipe(epochs=4, batch_size=64, teachers=2, teacher_epochs=0.5)


class Sure(nn.Module):
    """Answers one digit for everything, and counts how often it is asked."""

    def __init__(self, digit: int) -> None:
        super().__init__()
        self.digit = digit
        self.asked = 0

    def forward(self, images: Tensor) -> Tensor:
        self.asked += 1
        answer = torch.zeros(len(images), 10)
        answer[:, self.digit] = 50.0
        return answer


def lessons(digits: Splits, recipe: Recipe, *teachers: nn.Module) -> Lessons:
    generator = Generator()
    few = digits.train[slice(0, 400)]
    batches = Batches(few, None, recipe, "cpu", generator)
    return Lessons(WithOutliers(batches, few, recipe, "cpu", generator), recipe, generator, teachers)


def test_a_teacher_has_as_many_parameters_as_it_says_and_answers_for_any_batch() -> None:
    teacher = Teacher().eval()
    assert sum(parameter.numel() for parameter in teacher.parameters()) == PARAMETERS
    assert teacher(torch.rand(3, 1, 32, 32)).shape == (3, 10)


def test_the_target_is_what_the_teachers_say_on_average_and_of_outliers_that_they_are_none(embedded: Splits) -> None:
    made = lessons(embedded, replace(TAUGHT, batch_size=50, outlier_share=0.1), Sure(3), Sure(7))
    _, targets = next(made.epoch(1))
    assert targets.shape == (55, 10)
    assert torch.allclose(targets[:50, [3, 7]], torch.tensor(0.5))
    assert torch.allclose(targets[50:], torch.tensor(0.1))


def test_without_teachers_the_target_is_the_label(embedded: Splits) -> None:
    made = lessons(embedded, replace(TAUGHT, outlier_share=0.0))
    _, targets = next(made.epoch(1))
    assert set(targets.flatten().tolist()) == {0.0, 1.0} and targets.sum() == len(targets)
    logits = torch.randn(len(targets), 10)
    assert torch.allclose(made.loss(logits, targets), nn.functional.cross_entropy(logits, targets))


def test_the_loss_is_least_for_a_student_that_answers_as_its_teacher(embedded: Splits) -> None:
    torch.manual_seed(0)
    teacher = Teacher().eval()
    made = lessons(embedded, replace(TAUGHT, outlier_share=0.1), teacher)
    images, targets = next(made.epoch(1))
    answers = teacher(images).detach()
    answers[len(images) - made.batches.count :] = 0.0  # as unsure as can be of what is no digit
    answers.requires_grad_()
    (slope,) = torch.autograd.grad(made.loss(answers, targets), answers)
    assert slope.abs().max() < 1e-6


def test_images_come_again_late_and_the_teacher_is_not_asked_again(embedded: Splits) -> None:
    teacher = Sure(1)
    made = lessons(embedded, replace(TAUGHT, epochs=10, ease_after=0.6, repeats=2), teacher)
    shown = [torch.cat([images for images, _ in made.epoch(number)]) for number in range(1, 11)]
    same = [[torch.equal(one, other) for other in shown].index(True) + 1 for one in shown]
    assert same == [1, 2, 3, 1, 2, 3, 7, 8, 7, 8]
    assert teacher.asked == 5 * len(made)
    kept = {answers.shape for answers in made.remembered.values()}
    assert kept == {(len(made), len(shown[0]) // len(made), 10)}  # whole: a small one for each step pinned gigabytes


def test_teachers_are_trained_first(embedded: Splits) -> None:
    seen: list[Progress] = []
    fit(embedded.train[slice(0, 400)], embedded.validation, TAUGHT, on_progress=seen.append)
    stages = [progress.stage for progress in seen]
    assert stages == sorted(stages) and set(stages) == {"teacher 1", "teacher 2", "training"}
    assert {progress.epochs for progress in seen if progress.stage != "training"} == {2}


def test_a_student_learns_from_its_teacher(embedded: Splits) -> None:
    net = fit(embedded.train, embedded.validation, replace(TAUGHT, teachers=1, epochs=12))
    assert accuracy(net, embedded.test) > 0.6


def test_the_same_seed_gives_the_same_student(embedded: Splits) -> None:
    first, again = (fit(embedded.train[slice(0, 400)], embedded.validation, TAUGHT).state_dict() for _ in range(2))
    assert all(torch.equal(value, again[name]) for name, value in first.items())


@pytest.mark.parametrize(("epochs", "share", "expected"), [(60, 0.2, 12), (2, 0.25, 1), (1, 1.0, 1)])
def test_teachers_get_their_share_of_the_epochs_and_differ(epochs: int, share: float, expected: int) -> None:
    recipe = Recipe(epochs=epochs, teachers=2, teacher_epochs=share, patience=3)
    first, second = recipe.of_teacher(1), recipe.of_teacher(2)
    assert (first.epochs, first.teachers, first.patience) == (expected, 0, 0)
    assert len({recipe.seed, first.seed, second.seed}) == 3
