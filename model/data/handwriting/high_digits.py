"""The forms in which the world writes the digits 5 to 9; `digits.py` names them."""

from __future__ import annotations

from model.data.handwriting.strokes import Stroke, Strokes, Uniform, bent, between, ring, smooth

# 5 --------------------------------------------------------------------------------------------------------------------


def belly_of_five(u: Uniform, neck: tuple[float, float]) -> Stroke:
    """The bow of a 5, from the neck on."""
    return smooth(neck, (u(0.4, 0.55), u(0.34, 0.4)), (u(0.82, 0.98), u(0.6, 0.7)), (u(0.4, 0.55), 1),
                  (u(-0.02, 0.12), u(0.84, 0.95)))  # fmt: skip


def five(u: Uniform) -> Strokes:
    """With the roof in the same stroke, begun at its right end."""
    neck = (u(0.08, 0.2), u(0.38, 0.48))
    roof = bent((u(0.8, 1), u(-0.04, 0.05)), (u(0.15, 0.28), u(-0.02, 0.04)), neck)
    return [roof + belly_of_five(u, neck)]


def five_two_strokes(u: Uniform) -> Strokes:
    """With a roof that is a stroke of its own, often off the neck."""
    neck, top = (u(0.08, 0.2), u(0.38, 0.48)), (u(0.15, 0.28), u(-0.02, 0.08))
    left, y = u(0.1, 0.5), u(-0.12, 0.06)
    return [bent(top, neck) + belly_of_five(u, neck), smooth((left, y), (u(0.85, 1.15), y + u(-0.1, 0.06)))]


def five_like_s(u: Uniform) -> Strokes:
    """In one stroke without corners, like an S with a flat top."""
    top = [(u(0.85, 1.05), u(-0.03, 0.06)), (u(0.45, 0.6), u(0, 0.04)), (u(0.18, 0.3), u(0.06, 0.14))]
    return [[*top, (u(0.12, 0.22), u(0.3, 0.38)), (0.5, u(0.4, 0.46)), (u(0.82, 0.95), u(0.65, 0.74)), (0.45, 1),
             (u(0, 0.12), u(0.86, 0.96))]]  # fmt: skip


# 6 --------------------------------------------------------------------------------------------------------------------


def bowl_of_six(u: Uniform) -> Stroke:
    """The bowl of a 6: along the base and back to the stem, which it reaches, misses or crosses."""
    return [(u(0.3, 0.45), 1), (u(0.8, 0.98), u(0.7, 0.8)), (u(0.45, 0.6), u(0.44, 0.56)),
            (u(0.06, 0.26), u(0.62, 0.78))]  # fmt: skip


def six(u: Uniform) -> Strokes:
    """A bow from the top into the bowl."""
    return [[(u(0.55, 0.85), 0), (u(0.22, 0.38), u(0.24, 0.34)), (u(0.02, 0.1), 0.7), *bowl_of_six(u)]]


def six_curled(u: Uniform) -> Strokes:
    """A bow that begins with a hook to the right, like a C."""
    start = [(u(0.8, 0.95), u(0.1, 0.2)), (u(0.5, 0.65), 0), (u(0.15, 0.25), u(0.25, 0.35))]
    return [[*start, (u(0, 0.08), 0.68), *bowl_of_six(u)]]


def six_straight(u: Uniform) -> Strokes:
    """A straight stem, upright or leaning, and a bowl."""
    top, x = u(0.15, 0.75), u(0.02, 0.1)
    return [[(top, 0), between((top, 0), (x, 0.72), 0.5), (x, 0.72), *bowl_of_six(u)]]


# 7 --------------------------------------------------------------------------------------------------------------------


def foot_of_seven(u: Uniform, top: tuple[float, float]) -> Stroke:
    """The downstroke of a 7, straight or bowed to the left."""
    foot = (u(0.2, 0.6), 1)
    middle = between(top, foot, 0.5)
    return smooth(top, (middle[0] - u(-0.04, 0.12), middle[1]), foot)


def seven(u: Uniform) -> Strokes:
    """A roof and a foot."""
    top = (u(0.85, 1), u(-0.04, 0.06))
    return [bent((u(0, 0.12), u(0, 0.08)), top) + foot_of_seven(u, top)]


def bar(u: Uniform, foot: Stroke) -> Stroke:
    """A short line through the middle of the foot, level or rising."""
    x, y = foot[-2][0] + u(-0.05, 0.08), foot[-2][1] + u(-0.06, 0.1)
    rise = u(-0.05, 0.12)
    return smooth((x - u(0.18, 0.42), y + rise), (x + u(0.18, 0.42), y - rise))


def seven_barred(u: Uniform) -> Strokes:
    """With a bar through the foot."""
    strokes = seven(u) if u(0, 1) < 0.7 else seven_with_serif(u)
    return [*strokes, bar(u, strokes[0])]


def seven_with_serif(u: Uniform) -> Strokes:
    """With a short downstroke at the left end of the roof."""
    left, top = (u(0, 0.1), u(0, 0.06)), (u(0.85, 1), u(-0.04, 0.06))
    return [bent((left[0] + u(-0.05, 0.06), u(0.12, 0.32)), left, top) + foot_of_seven(u, top)]


def seven_curved(u: Uniform) -> Strokes:
    """With a roof like a wave, and a foot that leaves it in a curve."""
    roof = [(u(0, 0.12), u(0.08, 0.2)), (u(0.2, 0.35), u(-0.04, 0.04)), (u(0.55, 0.7), u(0.06, 0.14))]
    return [[*roof, (u(0.88, 1), u(0, 0.08)), (u(0.6, 0.75), u(0.3, 0.4)), (u(0.38, 0.5), 0.7), (u(0.25, 0.45), 1)]]


def seven_long(u: Uniform) -> Strokes:
    """With a foot that runs far below the base line."""
    top = (u(0.85, 1), u(-0.04, 0.06))
    foot = (u(0, 0.4), u(1.15, 1.4))
    bow = between(top, foot, 0.5)
    return [bent((u(0, 0.12), u(0, 0.08)), top) + smooth(top, (bow[0] - u(0, 0.12), bow[1]), foot)]


# 8 --------------------------------------------------------------------------------------------------------------------


def eight(u: Uniform) -> Strokes:
    """One stroke: an S, and back over itself to its start, which it reaches or misses."""
    start = (u(0.68, 0.85), u(0.06, 0.16))
    down = [start, (0.48, 0), (u(0.1, 0.2), u(0.2, 0.26)), (0.5, u(0.44, 0.5)), (u(0.85, 0.98), u(0.7, 0.78))]
    up = [(0.48, 1), (u(0.04, 0.14), u(0.72, 0.8)), (0.5, u(0.46, 0.54)), (u(0.78, 0.9), u(0.2, 0.28))]
    return [[*down, *up, (start[0] + u(-0.1, 0.08), start[1] + u(-0.05, 0.06))]]


def eight_of_circles(u: Uniform) -> Strokes:
    """Two rings, one on the other; they touch, overlap or just miss each other."""
    middle, over = u(0.42, 0.5), u(-0.02, 0.04)
    upper = ring(0.5 + u(-0.05, 0.05), middle / 2, u(0.28, 0.42), middle / 2 + over, u(150, 210), u(350, 385))
    low = (1 - middle) / 2
    return [upper, ring(0.5, 1 - low, u(0.36, 0.52), low + over, u(-40, 40), u(350, 385))]


def eight_open(u: Uniform) -> Strokes:
    """One stroke that does not come back to its start: open at the top."""
    first = [(u(0.7, 0.82), u(0.12, 0.2)), (0.45, 0), (u(0.08, 0.18), u(0.18, 0.26)), (0.48, u(0.44, 0.5))]
    back = [(u(0.85, 0.98), 0.75), (0.48, 1), (u(0.04, 0.14), 0.76), (0.45, u(0.48, 0.54)), (u(0.75, 0.88), 0.27)]
    return [[*first, *back, (u(0.9, 1.1), u(-0.1, 0.06))]]


# 9 --------------------------------------------------------------------------------------------------------------------


def head_of_nine(u: Uniform) -> Stroke:
    """The head of a 9, begun and ended at its right; it closes, overlaps or stays open."""
    return [(u(0.76, 0.92), u(0.1, 0.25)), (u(0.42, 0.55), 0), (u(0.03, 0.14), u(0.2, 0.3)),
            (u(0.35, 0.48), u(0.46, 0.54)), (u(0.78, 0.88), u(0.24, 0.34))]  # fmt: skip


def nine(u: Uniform) -> Strokes:
    """A head, and a stem that bows into it."""
    return [[*head_of_nine(u), (u(0.84, 0.92), u(0.1, 0.18)), (u(0.78, 0.9), 0.55), (u(0.5, 0.78), u(0.97, 1.05))]]


def nine_straight(u: Uniform) -> Strokes:
    """A head, and a straight stem."""
    top = (u(0.84, 0.94), u(0.02, 0.16))
    return [[*head_of_nine(u), top, *bent(top, (u(0.6, 0.92), u(0.97, 1.08)))]]


def nine_hooked(u: Uniform) -> Strokes:
    """A head, and a stem that ends in a hook to the left: like a g, or curled like a 6 upside down."""
    top = (u(0.84, 0.92), u(0.08, 0.18))
    hook = [(u(0.84, 0.94), 0.6), (u(0.7, 0.85), u(0.86, 0.94)), (u(0.35, 0.55), 1), (u(0, 0.25), u(0.78, 0.94))]
    return [[*head_of_nine(u), top, top, *hook] if u(0, 1) < 0.5 else [*head_of_nine(u), top, *hook]]


def nine_lollipop(u: Uniform) -> Strokes:
    """A ring, and a stem of its own at its right side."""
    wide, high = u(0.3, 0.45), u(0.2, 0.3)
    x = 0.45 + wide * u(0.75, 1.05)
    foot = (x + u(-0.3, 0.05), u(0.97, 1.08))
    return [ring(0.45, high, wide, high, u(-90, 0), u(350, 380)), smooth((x, u(0.02, high)), foot)]
