"""Each rule of the gate passes good candidates and stops bad ones, with a sentence that has the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from model.evaluation.gate import Evidence, decide, mcnemar
from model.evaluation.metrics import Metrics

COUNT = 5000


FOREIGN = 1300


def evidence(
    wrong: int = 30, *, first: int = 0, error: float = 0.003, samples: tuple[int, int] = (0, 0), foreign: int = 20
) -> Evidence:
    """The evidence of a version that misreads `wrong` digits, from the `first` on, and samples = (right, count).

    foreign: how many of the FOREIGN digits in other hands it misreads.
    """
    right = np.ones(COUNT, bool)
    right[first : first + wrong] = False
    accuracy = float(right.mean())
    metrics = Metrics(COUNT, accuracy, [accuracy] * 10, error, 0.02, 0.99, 0.999)
    return Evidence(metrics, right, np.arange(samples[1]) < samples[0], np.arange(FOREIGN) >= foreign)


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (5, 5), (12, 3), (1, 40), (30, 10)])
def test_mcnemar_is_the_exact_binomial_test(lost: int, gained: int) -> None:
    total = lost + gained
    expected = binomtest(lost, total, alternative="greater").pvalue if total else 1.0
    assert mcnemar(lost, gained) == pytest.approx(expected)


def test_all_digits_lost_are_as_unlikely_as_so_many_coins_that_fall_the_same_way() -> None:
    assert mcnemar(4, 0) == 1 / 16 and mcnemar(5, 0) == 1 / 32 and mcnemar(0, 5) == 1


def test_a_first_version_is_promoted_if_it_reads_digits() -> None:
    assert decide(None, evidence()).promote
    assert "Too weak: 9.80%" in decide(None, evidence(4510)).reasons[0]
    assert "Suspicious" in decide(None, evidence(0)).reasons[0]


def test_a_first_version_that_just_reaches_the_floor_is_promoted_and_is_the_next_ones_standard() -> None:
    floor, below = evidence(1000), evidence(1001)
    assert decide(None, floor).promote and not decide(None, below).promote
    weak_in_ones = replace(floor, metrics=replace(floor.metrics, recall=[0.7, *[0.8] * 9]))
    assert not decide(floor, weak_in_ones).promote
    assert decide(below, weak_in_ones).promote


def test_one_that_answers_1_too_often_is_succeeded_though_it_has_all_the_recall_of_1() -> None:
    weak = evidence(1500)
    weak = replace(weak, metrics=replace(weak.metrics, recall=[0.6, 1.0, *[0.6] * 8]))
    assert decide(weak, evidence(100)).promote
    assert not decide(weak, evidence(1400)).promote
    assert not decide(weak, evidence(100), weaker_evidence=True).promote


def test_one_as_good_is_promoted_with_its_numbers() -> None:
    decision = decide(evidence(30), evidence(30, first=10))
    assert decision.promote
    assert "99.40% → 99.40%" in decision.reasons[0]


def test_one_significantly_worse_is_kept() -> None:
    decision = decide(evidence(30), evidence(44))
    assert not decision.promote
    assert "McNemar" in decision.reasons[0] and "14 digits lost" in decision.reasons[0]


@pytest.mark.parametrize(
    ("lost", "gained", "promote"),
    [(4, 0, True), (5, 0, False), (9, 2, False), (8, 2, True), (9, 3, True), (0, 5, True)],  # p: 1/16, 1/32, …
)
def test_one_in_twenty_by_chance_is_what_significantly_worse_means(lost: int, gained: int, promote: bool) -> None:
    before, after = evidence(30), evidence(30 + lost - gained, first=gained)
    assert decide(before, after).promote is promote
    assert (mcnemar(lost, gained) >= 0.05 or lost < gained) is promote


def test_one_that_is_exactly_as_accurate_is_not_worse_whatever_the_test_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.evaluation.gate.mcnemar", lambda lost, gained: 0.0)
    assert decide(evidence(30), evidence(30, first=10)).promote
    assert not decide(evidence(30), evidence(31)).promote


def test_a_test_at_the_level_of_significance_is_not_significant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.evaluation.gate.mcnemar", lambda lost, gained: 0.05)
    assert decide(evidence(30), evidence(31)).promote


def with_accuracy(accuracy: float) -> Evidence:
    """Evidence with all digits read the same, but another stated accuracy."""
    return replace(evidence(), metrics=replace(evidence().metrics, accuracy=accuracy))


def test_the_accuracy_may_drop_by_the_bound_and_no_further() -> None:
    decision = decide(with_accuracy(0.9), with_accuracy(0.8969))
    assert decision.reasons == [
        "Worse: held-out accuracy falls from 90.00% to 89.69% (0 digits lost, 0 gained), more than the bound of "
        "0.3 points."
    ]
    assert decide(with_accuracy(0.9), with_accuracy(0.8971)).promote


def test_one_worse_beyond_the_bound_is_kept_even_if_the_test_can_not_tell() -> None:
    decision = decide(evidence(500), evidence(517, first=500))
    assert any("bound" in reason for reason in decision.reasons)


def test_a_digit_whose_recall_drops_keeps_it() -> None:
    candidate = evidence()
    recall = [*candidate.metrics.recall[:7], 0.97, *candidate.metrics.recall[8:]]
    decision = decide(evidence(), replace(candidate, metrics=replace(candidate.metrics, recall=recall)))
    assert decision.reasons == ["Recall of 7 falls from 99.40% to 97.00%, more than 1.0 points."]


@pytest.mark.parametrize(("before", "after", "promote"), [(1.0, 0.9901, True), (1.0, 0.9899, False), (0.01, 0.0, True)])
def test_the_recall_of_a_digit_may_drop_by_a_point_and_no_further(before: float, after: float, promote: bool) -> None:
    versions = [
        replace(evidence(), metrics=replace(evidence().metrics, recall=[*[0.9] * 9, recall]))
        for recall in (before, after)
    ]
    assert decide(*versions).promote is promote


def test_versions_that_were_measured_on_other_digits_are_not_compared() -> None:
    fewer = replace(evidence(), metrics=replace(evidence().metrics, recall=[0.994] * 9))
    with pytest.raises(ValueError, match="shorter"):
        decide(evidence(), fewer)


@pytest.mark.parametrize(
    ("before", "after", "promote"),
    [
        (0.0, 0.010, True),  # up to a point is calibrated, however good the current version is
        (0.0, 0.011, False),
        (0.020, 0.025, True),  # above that already: half a point more
        (0.020, 0.0251, False),
        (0.020, 0.001, True),
    ],
)
def test_calibration_stays_within_a_point_or_hardly_rises(before: float, after: float, promote: bool) -> None:
    decision = decide(evidence(error=before), evidence(error=after))
    assert decision.promote is promote
    assert promote or decision.reasons[0].startswith("Calibration: the expected error is ")


@pytest.mark.parametrize(("before", "after", "promote"), [(5, 9, True), (5, 5, False), (9, 5, False), (10, 10, True)])
def test_held_out_samples_must_be_read_better(before: int, after: int, promote: bool) -> None:
    decision = decide(evidence(samples=(before, 10)), evidence(samples=(after, 10)))
    assert decision.promote is promote


def test_a_promotion_is_recorded_with_its_numbers_samples_among_them_where_there_are_any() -> None:
    numbers = (
        "Held-out accuracy 99.40% → 99.40% (10 digits lost, 10 gained, McNemar's exact p = 0.59); "
        "calibration error 0.30%; in other hands 0 digits lost, 5 gained of 1,300"
    )
    before, after = evidence(samples=(5, 10)), evidence(30, first=10, samples=(9, 10), foreign=15)
    assert decide(before, after).reasons == [f"{numbers}; held-out samples 5 → 9 of 10."]
    assert decide(evidence(), evidence(30, first=10, foreign=15)).reasons == [f"{numbers}."]
    none = np.zeros(0, bool)
    alone = [replace(some, foreign_right=none) for some in (evidence(), evidence(30, first=10))]
    assert decide(*alone).reasons == [numbers.rpartition("; ")[0] + "."]
    assert decide(None, evidence()).reasons == [
        "There is no current version to compare with; the candidate reads 99.40% of 5,000 held-out digits."
    ]


def test_weaker_evidence_is_left_to_a_person() -> None:
    decision = decide(evidence(), evidence(), weaker_evidence=True)
    assert not decision.promote
    assert decision.reasons == [
        "The current version was promoted on MNIST, which is not at hand now: a person must activate this one."
    ]


def test_a_perfect_score_is_suspect() -> None:
    assert "Suspicious" in decide(evidence(), evidence(0)).reasons[0]


@pytest.mark.parametrize(("count", "promote"), [(999, True), (1000, False)])
def test_a_perfect_score_on_few_digits_is_no_surprise(count: int, promote: bool) -> None:
    perfect = evidence(0)
    assert decide(None, replace(perfect, metrics=replace(perfect.metrics, count=count))).promote is promote


@pytest.mark.parametrize(("before", "after", "promote"), [(20, 26, True), (20, 27, False), (27, 20, True)])
def test_one_significantly_worse_in_other_hands_is_kept(before: int, after: int, promote: bool) -> None:
    decision = decide(evidence(foreign=before), evidence(30, first=10, foreign=after))
    assert decision.promote is promote
    assert promote or decision.reasons == ["Worse on digits in other hands: 7 of 1,300 lost, 0 gained."]


@pytest.mark.parametrize(("lost", "promote"), [(26, True), (27, False)])
def test_one_much_worse_in_other_hands_is_kept_even_if_the_test_can_not_tell(lost: int, promote: bool) -> None:
    assert mcnemar(300 + lost, 300) > 0.05
    assert decide(*with_foreign(evidence(), evidence(first=10), 300 + lost, 300)).promote is promote


@pytest.mark.parametrize(
    ("lost", "gained", "promote"),
    [(9, 10, True), (9, 9, False), (9, 8, False), (5, 6, True), (14, 100, True), (16, 100, False)],
)
def test_a_few_digits_of_mnist_are_a_fair_price_for_more_in_other_hands(lost: int, gained: int, promote: bool) -> None:
    """Up to the bound of 0.3 points, which are 15 digits."""
    decision = decide(evidence(30, foreign=120), evidence(30 + lost, foreign=120 - gained))
    assert decision.promote is promote


def with_foreign(before: Evidence, after: Evidence, lost: int, gained: int) -> tuple[Evidence, Evidence]:
    """The two, of which the first alone reads `lost` of the foreign digits, and the second alone `gained` others."""
    place = np.arange(FOREIGN)
    reads = place >= gained, (place < gained) | (place >= gained + lost)
    return replace(before, foreign_right=reads[0]), replace(after, foreign_right=reads[1])


@pytest.mark.parametrize(("lost", "gained", "promote"), [(0, 10, True), (0, 8, False), (3, 12, True), (3, 11, False)])
def test_what_counts_is_what_is_left_of_losses_and_gains(lost: int, gained: int, promote: bool) -> None:
    """Of MNIST's, 12 digits are lost and 4 gained, which is significant; so more than 8 have to be gained elsewhere."""
    versions = with_foreign(evidence(30), evidence(38, first=4), lost, gained)
    assert mcnemar(12, 4) < 0.05 and mcnemar(gained, lost) < 0.05
    assert decide(*versions).promote is promote


def test_a_gain_in_other_hands_that_may_be_chance_pays_for_nothing() -> None:
    assert mcnemar(107, 100) > 0.05
    assert not decide(*with_foreign(evidence(30), evidence(36), 100, 107)).promote


def test_what_is_at_the_level_of_significance_in_other_hands_is_not_significant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model.evaluation.gate.mcnemar", lambda lost, gained: 0.01)
    assert decide(evidence(30, foreign=20), evidence(30, foreign=25)).promote
    monkeypatch.setattr("model.evaluation.gate.mcnemar", lambda lost, gained: 0.01 if lost == 6 else 0.05)
    assert not decide(evidence(30, foreign=120), evidence(36, foreign=20)).promote
