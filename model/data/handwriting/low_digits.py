"""The forms in which the world writes the digits 0 to 4; `digits.py` names them."""

from __future__ import annotations

import math

from model.data.handwriting.strokes import Stroke, Strokes, Uniform, bent, between, ring, smooth

# 0 --------------------------------------------------------------------------------------------------------------------


def zero(u: Uniform) -> Strokes:
    """A ring that begins about at the top and overlaps its beginning or just misses it."""
    return [ring(0.5, 0.5, u(0.32, 0.55), 0.5, u(-40, 30), u(345, 390))]


def zero_open(u: Uniform) -> Strokes:
    """A ring with a gap at the top."""
    gap = u(15, 40)
    return [ring(0.5, 0.5, u(0.38, 0.55), 0.5, u(-20, 40), 360 - gap)]


def zero_with_tail(u: Uniform) -> Strokes:
    """A ring whose end runs on to the upper right, often through a small loop."""
    out = (u(0.75, 1.1), u(-0.15, 0.1))
    return [[*ring(0.5, 0.5, u(0.38, 0.52), 0.5, u(-10, 30), u(350, 385)), out]]


def across(u: Uniform, wide: float, direction: float) -> Stroke:
    """A slash through a ring. direction: 1 from the lower left to the upper right, −1 the other diagonal."""
    angle, reach, middle = u(0.3, 1), u(0.55, 1.5), u(-0.06, 0.06)
    x, y = direction * wide * math.sin(angle) * reach, 0.5 * math.cos(angle) * reach
    return smooth((0.5 + x + middle, 0.5 - y), (0.5 + middle + u(-0.03, 0.03), 0.5), (0.5 - x + middle, 0.5 + y))


def zero_slashed(u: Uniform) -> Strokes:
    """A ring with a slash that ends within it, on it or beyond it."""
    wide = u(0.36, 0.58)
    return [ring(0.5, 0.5, wide, 0.5, u(-40, 30), u(350, 385)), across(u, wide, 1)]


def zero_backslashed(u: Uniform) -> Strokes:
    """A ring with a slash from the upper left to the lower right."""
    wide = u(0.36, 0.58)
    return [ring(0.5, 0.5, wide, 0.5, u(-40, 30), u(350, 385)), across(u, wide, -1)]


def zero_slashed_in_one(u: Uniform) -> Strokes:
    """A ring and its slash without lifting the pen: the end turns at the top and crosses the ring."""
    wide = u(0.4, 0.55)
    first = ring(0.5, 0.5, wide, 0.5, u(-75, -35), u(350, 370))
    return [first + bent(first[-1], (0.5 - wide * u(0.5, 1.2), 0.5 + u(0.25, 0.6)))]


def zero_dotted(u: Uniform) -> Strokes:
    """A ring with a dot or a short dash in it."""
    x, y = 0.5 + u(-0.06, 0.06), 0.5 + u(-0.08, 0.08)
    dot = smooth((x, y), (x + u(-0.05, 0.05), y + u(0, 0.1)))
    return [ring(0.5, 0.5, u(0.42, 0.6), 0.5, u(-40, 30), u(350, 385)), dot]


# 1 --------------------------------------------------------------------------------------------------------------------


def stem(u: Uniform) -> Stroke:
    """The downstroke of a 1, straight or slightly bowed."""
    return smooth((0.5, 0), (0.5 + u(-0.06, 0.06), 0.5), (0.5 + u(-0.06, 0.06), 1))


def with_upstroke(u: Uniform) -> Stroke:
    """A stem with an upstroke: from a short flag to one as long as the stem; the longer, the steeper.

    A flatter one would be the roof of a 7.
    """
    down = stem(u)
    length = u(0.18, 1.05)
    angle = math.radians(u(15, 57 - 27 * length))
    x, y = 0.5 - length * math.sin(angle) * 1.5, min(length * math.cos(angle), 1.02)
    middle = between((x, y), (0.5, 0), 0.5)
    return smooth((x, y), (middle[0] + u(-0.06, 0.06), middle[1] + u(-0.04, 0.08)), (0.5, 0)) + down


def base(u: Uniform) -> Stroke:
    """The line under a 1."""
    y = 1 + u(-0.03, 0.03)
    return smooth((0.5 - u(0.2, 0.6), y + u(-0.03, 0.03)), (0.5 + u(0.2, 0.6), y + u(-0.03, 0.03)))


def one(u: Uniform) -> Strokes:
    """A plain stem."""
    return [stem(u)]


def one_with_upstroke(u: Uniform) -> Strokes:
    """The 1 of continental Europe."""
    return [with_upstroke(u)]


def one_with_base(u: Uniform) -> Strokes:
    """A stem on a base line."""
    return [stem(u), base(u)]


def one_with_both(u: Uniform) -> Strokes:
    """Upstroke, stem and base line, as in print."""
    return [with_upstroke(u), base(u)]


# 2 --------------------------------------------------------------------------------------------------------------------


def head_of_two(u: Uniform) -> Stroke:
    """The arch of a 2, down to where the base begins."""
    start = smooth((u(0.0, 0.18), u(0.15, 0.35)))
    return [*start, (0.45, 0), (u(0.8, 0.98), u(0.2, 0.33)), (u(0.4, 0.65), u(0.58, 0.7))]


def two(u: Uniform) -> Strokes:
    """With a corner and a flat base."""
    foot = (u(0, 0.12), 1)
    return [[*head_of_two(u), foot, *bent(foot, (u(0.85, 1.05), 1 + u(-0.06, 0.04)))]]


def two_wavy(u: Uniform) -> Strokes:
    """With a corner and a base like a wave."""
    foot = (u(0, 0.12), u(0.95, 1))
    wave = smooth(foot, (0.35, u(0.88, 0.95)), (0.7, u(0.98, 1.06)), (u(0.95, 1.1), u(0.85, 0.95)))
    return [[*head_of_two(u), *wave]] if u(0, 1) < 0.3 else [[*head_of_two(u), foot, *wave]]


def two_looped(u: Uniform) -> Strokes:
    """With a loop at the lower left, from which the base runs on."""
    size = u(0.1, 0.22)
    loop = [(0.12, 1.0), (u(-0.05, 0.05), 1 - size * 0.6), (0.15, 1 - size), (0.45, 1 - size * 0.3)]
    return [[*head_of_two(u), *loop, (u(0.8, 1.05), u(0.92, 1.06))]]


def two_curled(u: Uniform) -> Strokes:
    """With a curl at its start."""
    foot = (u(0, 0.12), 1)
    curl = [(u(0.25, 0.4), u(0.25, 0.32)), (u(0.05, 0.15), u(0.28, 0.34)), (u(0.08, 0.15), 0.1)]
    return [[*curl, *head_of_two(u)[1:], foot, *bent(foot, (u(0.85, 1.05), 1 + u(-0.06, 0.04)))]]


# 3 --------------------------------------------------------------------------------------------------------------------


def belly_of_three(u: Uniform) -> Stroke:
    """The lower bow of a 3."""
    return [(u(0.8, 0.98), u(0.65, 0.76)), (u(0.4, 0.55), 1), (u(0, 0.15), u(0.82, 0.93))]


def three(u: Uniform) -> Strokes:
    """Two bows that meet in a point."""
    waist = (u(0.3, 0.5), u(0.42, 0.5))
    upper = [(u(0.05, 0.2), u(0.08, 0.2)), (0.45, 0), (u(0.75, 0.9), u(0.18, 0.26)), waist]
    return [[*upper, waist, *belly_of_three(u)]]


def three_flat(u: Uniform) -> Strokes:
    """With a flat top and a corner, like the letter Ezh."""
    waist = (u(0.3, 0.5), u(0.36, 0.46))
    roof = bent((u(0.05, 0.2), u(-0.02, 0.06)), (u(0.75, 0.92), u(-0.03, 0.05)), waist)
    return [[*roof, waist, *belly_of_three(u)]]


def three_looped(u: Uniform) -> Strokes:
    """With a small loop between its bows."""
    x, y = u(0.3, 0.45), u(0.42, 0.5)
    upper = [(u(0.05, 0.2), u(0.08, 0.2)), (0.45, 0), (u(0.75, 0.9), 0.2), (0.6, y - 0.04)]
    loop = [(x, y + 0.03), (x - 0.1, y - 0.03), (x, y - u(0.07, 0.12)), (x + 0.2, y)]
    return [[*upper, *loop, *belly_of_three(u)]]


def three_angular(u: Uniform) -> Strokes:
    """Of straight lines, or nearly so."""
    right, low = (u(0.75, 0.95), u(0.15, 0.28)), (u(0.75, 0.98), u(0.62, 0.78))
    corners = [(u(0.05, 0.2), u(0, 0.08)), right, (u(0.25, 0.45), u(0.42, 0.5)), low, (u(0, 0.15), u(0.93, 1))]
    return [bent(*corners)]


# 4 --------------------------------------------------------------------------------------------------------------------


def four_open(u: Uniform) -> Strokes:
    """An L and a stem through its foot."""
    corner, x = (u(0, 0.15), u(0.5, 0.68)), u(0.55, 0.85)
    first = bent((u(0.05, 0.35), u(0, 0.1)), corner, (u(0.9, 1.1), corner[1] + u(-0.08, 0.05)))
    return [first, smooth((x + u(0, 0.1), u(-0.05, 0.3)), (x + u(-0.08, 0.05), u(0.95, 1.1)))]


def four_cupped(u: Uniform) -> Strokes:
    """A cup and a stem at its right: the open 4 of a quick hand."""
    x = u(0.75, 0.92)
    cup = smooth((u(0.05, 0.2), u(0, 0.08)), (u(0.02, 0.12), 0.4), (0.3, u(0.52, 0.6)), (x + u(0, 0.15), u(0.44, 0.54)))
    return [cup, smooth((x + u(0, 0.06), u(-0.02, 0.12)), (x + u(-0.08, 0.02), u(0.95, 1.1)))]


def four_closed(u: Uniform) -> Strokes:
    """A triangle whose right side is the stem, in one stroke or two."""
    top, corner = (u(0.55, 0.75), 0), (u(-0.02, 0.1), u(0.58, 0.72))
    first = bent(top, corner, (u(0.9, 1.1), corner[1] + u(-0.05, 0.05)))
    return [first, smooth((top[0] + u(-0.06, 0.06), u(-0.06, 0.08)), (top[0] + u(-0.1, 0.08), u(0.95, 1.08)))]


def four_in_one(u: Uniform) -> Strokes:
    """Closed, without lifting the pen: the cross-line turns back up into the stem."""
    y = u(0.55, 0.68)
    top = (u(0.55, 0.8), u(-0.05, 0.05))
    return [bent((u(0.5, 0.65), u(0, 0.1)), (u(0, 0.1), y), (u(0.85, 1.05), y + u(-0.08, 0.02)), top,
                 (u(0.5, 0.7), u(0.95, 1.1)))]  # fmt: skip


def four_lightning(u: Uniform) -> Strokes:
    """A zigzag of three lines in one stroke."""
    left, right = (u(0, 0.1), u(0.5, 0.62)), (u(0.85, 1.0), u(0.4, 0.55))
    return [bent((u(0.2, 0.45), 0), left, right, (u(0.4, 0.65), u(0.95, 1.1)))]


def four_long(u: Uniform) -> Strokes:
    """Open, with a stem that runs far below the base line."""
    first, (top, bottom) = four_open(u)
    return [first, smooth(top, (bottom[0] - u(0, 0.1), u(1.2, 1.45)))]
