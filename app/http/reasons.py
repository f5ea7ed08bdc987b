"""The reasons for which an answer is not accepted. `/problems/<reason>` explains them as it explains errors."""

from __future__ import annotations

from app.http.image_problems import ProblemKind
from model.classifier import LOW_CONFIDENCE, NOT_A_DIGIT, OTHER_INK, SEVERAL_DIGITS
from model.numbers.reader import WRONG_LENGTH

ANSWERED = 200  # HTTP status: there is an answer, though a person should look at it

REASONS = (
    ProblemKind(
        ANSWERED,
        LOW_CONFIDENCE,
        "Two digits are about as likely as each other",
        "Write more clearly, or let a person decide.",
    ),
    ProblemKind(
        ANSWERED,
        NOT_A_DIGIT,
        "The image does not show what a digit looks like",
        "Look at what the model was given with ?seen=true; send one digit, 0 to 9, and nothing else.",
    ),
    ProblemKind(
        ANSWERED,
        OTHER_INK,
        "There is other ink beside the digit or around it, or the image's edge cuts it",
        "Send the digit with some paper around it, and without the rest of the page.",
    ),
    ProblemKind(
        ANSWERED,
        SEVERAL_DIGITS,
        "The image shows several digits",
        "Send it to /read, which reads whole numbers, or cut it and send one digit.",
    ),
    ProblemKind(
        ANSWERED,
        WRONG_LENGTH,
        "The number does not have as many digits as `digits` says",
        "Check ?digits=, or look at where its digits were found: two may touch, or a mark may be taken for one.",
    ),
)
