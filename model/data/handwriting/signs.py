"""Signs and small drawings that a reader takes for no digit, written by the same pen.

Left out: a slash, a bar and a caret, since a 1 is written so; a circle and a drop, since they are zeros.
"""

from __future__ import annotations

import math

from model.data.handwriting.strokes import Form, Stroke, Strokes, Uniform, bent, fixed, ring, smooth


def dot(x: float, y: float) -> Stroke:
    """A dot of the pen's width."""
    return smooth((x, y), (x + 0.02, y + 0.02))


def star(u: Uniform) -> Strokes:
    """A five-pointed star in one stroke that crosses itself."""
    turns = [math.radians(144 * i + u(-4, 4)) for i in range(6)]
    return [bent(*((0.5 + 0.5 * math.sin(turn), 0.5 - 0.5 * math.cos(turn)) for turn in turns))]


def asterisk(u: Uniform) -> Strokes:
    """Three or four short lines through one point."""
    count = int(u(3, 4.99))
    turns = [math.pi * (i + u(-0.1, 0.1)) / count for i in range(count)]
    return [
        smooth((0.5 + 0.5 * math.sin(turn), 0.5 - 0.5 * math.cos(turn)),
               (0.5 - 0.5 * math.sin(turn), 0.5 + 0.5 * math.cos(turn)))
        for turn in turns
    ]  # fmt: skip


def sun(u: Uniform) -> Strokes:
    """A ring with rays."""
    count = int(u(6, 10.99))
    turns = [2 * math.pi * (i + u(-0.2, 0.2)) / count for i in range(count)]
    rays = [
        smooth(*((0.5 + reach * math.sin(turn), 0.5 - reach * math.cos(turn)) for reach in (0.32, u(0.45, 0.6))))
        for turn in turns
    ]
    return [ring(0.5, 0.5, 0.22, 0.22), *rays]


def spiral(u: Uniform) -> Strokes:
    """From the middle outwards in one and a half to four turns."""
    turns, direction = u(1.6, 4), 1 if u(0, 1) < 0.5 else -1
    count = round(7 * turns)
    points = []
    for i in range(count + 1):
        angle = direction * 2 * math.pi * turns * i / count
        points.append((0.5 + 0.5 * i / count * math.cos(angle), 0.5 + 0.5 * i / count * math.sin(angle)))
    return [points]


def arrow(u: Uniform) -> Strokes:
    """A line with a head, in any direction but close to upright."""
    turn, head = u(-0.7, 0.7) + (0 if u(0, 1) < 0.5 else math.pi), u(0.2, 0.4)
    cos, sin = math.cos(turn), math.sin(turn)

    def turned(x: float, y: float) -> tuple[float, float]:
        return 0.5 + x * cos - y * sin, 0.5 + x * sin + y * cos

    wings = bent(turned(0.5 - head, -head * 0.8), turned(0.5, 0), turned(0.5 - head, head * 0.8))
    return [smooth(turned(-0.5, 0), turned(0.5, 0)), wings]


def smiley(u: Uniform) -> Strokes:
    """A face."""
    bow = u(-0.12, 0.2)
    mouth = smooth((0.25, 0.62), (0.5, 0.66 + bow), (0.75, 0.62))
    eyes = [dot(0.33, 0.35), dot(0.66, 0.35)] if u(0, 1) < 0.6 else [
        smooth((x, 0.28), (x, 0.45)) for x in (0.35, 0.65)]  # fmt: skip
    return [ring(0.5, 0.5, 0.5, 0.5, u(-40, 40), u(345, 375)), mouth, *eyes]


def zigzag(u: Uniform) -> Strokes:
    """Four to eight lines up and down."""
    count = int(u(4, 8.99))
    high = u(0.3, 1)
    return [bent(*((i / count, (i % 2) * high) for i in range(count + 1)))]


def polygon(u: Uniform) -> Strokes:
    """A triangle, a square or a diamond."""
    count = int(u(3, 4.99))
    first = u(-0.2, 0.2) + (math.pi / count if u(0, 1) < 0.5 else 0)
    turns = [first + 2 * math.pi * i / count for i in range(count)]
    corners = [(0.5 + 0.5 * math.sin(turn), 0.5 - 0.5 * math.cos(turn)) for turn in turns]
    return [bent(*corners, corners[0])]


def scribble(u: Uniform) -> Strokes:
    """A line that runs to and fro without aim."""
    return [[(u(0, 1), u(0, 1)) for _ in range(int(u(10, 18)))]]


def hatching(u: Uniform) -> Strokes:
    """A dense zigzag, as somebody fills or blackens a place."""
    count = int(u(8, 16))
    return [bent(*((u(0, 0.15) if i % 2 else u(0.85, 1), i / count + u(-0.03, 0.03)) for i in range(count)))]


def parallels(u: Uniform) -> Strokes:
    """Two to four lines beside each other, level or upright."""
    count, is_level = int(u(2, 4.99)), u(0, 1) < 0.6
    gap = u(0.25, 0.5)
    lines = [((u(0, 0.1), i * gap), (u(0.9, 1), i * gap + u(-0.05, 0.05))) for i in range(count)]
    return [smooth(first, last) if is_level else smooth(first[::-1], last[::-1]) for first, last in lines]


def cloud(u: Uniform) -> Strokes:
    """Bows in a ring."""
    count = int(u(5, 8.99))
    points = []
    for i in range(2 * count + 1):
        angle, reach = math.pi * i / count, 0.5 if i % 2 else 0.34
        points.append((0.5 + reach * math.cos(angle), 0.5 + 0.7 * reach * math.sin(angle)))
    return [points]


SIGNS: dict[str, Form] = {
    "plus": fixed(smooth((0.5, 0), (0.5, 1)), smooth((0, 0.5), (1, 0.5))),
    "minus": fixed(smooth((0, 0.5), (1, 0.5))),
    "equals": fixed(smooth((0, 0.3), (1, 0.3)), smooth((0, 0.7), (1, 0.7))),
    "times": fixed(smooth((0, 0), (1, 1)), smooth((1, 0), (0, 1))),
    "divided": fixed(smooth((0, 0.5), (1, 0.5)), dot(0.5, 0.15), dot(0.5, 0.85)),
    "plus-minus": fixed(smooth((0.5, 0), (0.5, 0.7)), smooth((0, 0.35), (1, 0.35)), smooth((0, 0.95), (1, 0.95))),
    "percent": fixed(ring(0.2, 0.22, 0.2, 0.2), ring(0.8, 0.78, 0.2, 0.2), smooth((0.85, 0), (0.15, 1))),
    "ampersand": fixed(smooth((1, 1), (0.3, 0.4), (0.35, 0), (0.65, 0.2), (0.1, 0.7), (0.35, 1), (0.95, 0.55))),
    "at": fixed([*ring(0.5, 0.5, 0.18, 0.2, -70, 360), (0.7, 0.65), (0.9, 0.6), *ring(0.5, 0.5, 0.5, 0.5, -80, 290)]),
    "hash": fixed(smooth((0.35, 0), (0.25, 1)), smooth((0.75, 0), (0.65, 1)), smooth((0, 0.35), (1, 0.33)),
                  smooth((0, 0.68), (1, 0.66))),
    "question": fixed(smooth((0.1, 0.25), (0.5, 0), (0.9, 0.22), (0.5, 0.5), (0.5, 0.72)), dot(0.5, 0.98)),
    "exclamation": fixed(smooth((0.5, 0), (0.5, 0.7)), dot(0.5, 0.98)),
    "dollar": fixed(smooth((0.9, 0.2), (0.5, 0.1), (0.1, 0.28), (0.5, 0.5), (0.9, 0.72), (0.5, 0.9), (0.1, 0.8)),
                    smooth((0.5, -0.05), (0.5, 1.05))),
    "euro": fixed(ring(0.65, 0.5, 0.5, 0.5, -55, 250), smooth((0, 0.4), (0.75, 0.4)), smooth((0, 0.62), (0.7, 0.62))),
    "pound": fixed(smooth((0.9, 0.15), (0.6, 0), (0.35, 0.25), (0.45, 0.7), (0.05, 1)) + bent((0.05, 1), (0.95, 0.98)),
                   smooth((0.1, 0.5), (0.75, 0.5))),
    "yen": fixed(bent((0, 0), (0.5, 0.5), (1, 0)), smooth((0.5, 0.5), (0.5, 1)), smooth((0.15, 0.6), (0.85, 0.6)),
                 smooth((0.15, 0.78), (0.85, 0.78))),
    "section": fixed(smooth((0.8, 0.1), (0.5, 0), (0.25, 0.15), (0.75, 0.5), (0.6, 0.65), (0.3, 0.55)),
                     smooth((0.4, 0.35), (0.25, 0.5), (0.75, 0.8), (0.5, 1), (0.2, 0.9))),
    "parenthesis": fixed(smooth((0.75, 0), (0.2, 0.25), (0.2, 0.75), (0.75, 1))),
    "brackets": fixed(bent((0.3, 0), (0, 0), (0, 1), (0.3, 1)), bent((0.7, 0), (1, 0), (1, 1), (0.7, 1))),
    "brace": fixed(smooth((0.9, 0), (0.5, 0.1), (0.5, 0.4), (0.1, 0.5)),
                   smooth((0.1, 0.5), (0.5, 0.6), (0.5, 0.9), (0.9, 1))),
    "less": fixed(bent((1, 0), (0, 0.5), (1, 1))),
    "greater": fixed(bent((0, 0), (1, 0.5), (0, 1))),
    "tilde": fixed(smooth((0, 0.6), (0.25, 0.35), (0.5, 0.5), (0.75, 0.65), (1, 0.4))),
    "colon": fixed(dot(0.5, 0.2), dot(0.5, 0.8)),
    "quotes": fixed(smooth((0.3, 0.3), (0.28, 0.6)), smooth((0.6, 0.3), (0.58, 0.6))),
    "ellipsis": fixed(dot(0, 0.5), dot(0.5, 0.5), dot(1, 0.5)),
    "tick": fixed(bent((0, 0.6), (0.35, 1), (1, 0))),
    "infinity": fixed(smooth((0.5, 0.5), (0.25, 0.25), (0, 0.5), (0.25, 0.75), (0.5, 0.5), (0.75, 0.25), (1, 0.5),
                             (0.75, 0.75), (0.5, 0.5))),
    "root": fixed(bent((0, 0.6), (0.12, 0.55), (0.3, 1), (0.45, 0), (1.1, 0))),
    "sigma": fixed(bent((0.95, 0.05), (0.05, 0), (0.55, 0.5), (0.05, 1), (1, 0.95))),
    "angle": fixed(bent((0.9, 0.1), (0, 1), (1, 1))),
    "corner": fixed(bent((0.05, 1), (0.05, 0), (1, 0))),
    "heart": fixed(smooth((0.5, 0.3), (0.25, 0), (0, 0.25), (0.2, 0.65), (0.5, 1)),
                   smooth((0.5, 0.3), (0.75, 0), (1, 0.25), (0.8, 0.65), (0.5, 1))),
    "house": fixed(bent((0.1, 0.45), (0.1, 1), (0.9, 1), (0.9, 0.45)), bent((0, 0.5), (0.5, 0), (1, 0.5))),
    "fir": fixed(bent((0.5, 0), (0.1, 0.68), (0.9, 0.68), (0.5, 0)), smooth((0.5, 0.68), (0.5, 1))),
    "note": fixed(ring(0.25, 0.85, 0.2, 0.14),
                  smooth((0.45, 0.85), (0.45, 0)) + smooth((0.45, 0), (0.6, 0.2), (0.9, 0.3))),
    "moon": fixed(smooth((0.6, 0), (0.1, 0.3), (0.2, 0.85), (0.8, 1)), smooth((0.6, 0), (0.45, 0.4), (0.8, 1))),
    "fish": fixed(smooth((1, 0.2), (0.6, 0.65), (0.25, 0.75), (0, 0.5), (0.25, 0.25), (0.6, 0.35), (1, 0.8))),
    "flower": fixed(ring(0.5, 0.25, 0.1, 0.1), ring(0.5, 0.06, 0.1, 0.1), ring(0.68, 0.25, 0.1, 0.1),
                    ring(0.5, 0.44, 0.1, 0.1), ring(0.32, 0.25, 0.1, 0.1), smooth((0.5, 0.55), (0.5, 1))),
    "stick figure": fixed(ring(0.5, 0.15, 0.15, 0.15), smooth((0.5, 0.3), (0.5, 0.7)),
                          smooth((0.15, 0.45), (0.85, 0.45)),
                          bent((0.2, 1), (0.5, 0.7), (0.8, 1))),
    "envelope": fixed(bent((0, 0.15), (1, 0.15), (1, 0.85), (0, 0.85), (0, 0.15), (0.5, 0.55), (1, 0.15))),
    "eye": fixed(smooth((0, 0.5), (0.5, 0.2), (1, 0.5)), smooth((0, 0.5), (0.5, 0.8), (1, 0.5)),
                 ring(0.5, 0.5, 0.15, 0.18)),
    "trident": fixed(smooth((0.1, 0), (0.1, 0.4), (0.5, 0.55), (0.9, 0.4), (0.9, 0)), smooth((0.5, 0), (0.5, 1))),
    "crossed circle": fixed(ring(0.5, 0.5, 0.5, 0.5), smooth((0.15, 0.15), (0.85, 0.85)),
                            smooth((0.85, 0.15), (0.15, 0.85))),
    "quartered circle": fixed(ring(0.5, 0.5, 0.5, 0.5), smooth((0.5, 0), (0.5, 1)), smooth((0, 0.5), (1, 0.5))),
    "boxed cross": fixed(bent((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)), smooth((0.1, 0.1), (0.9, 0.9)),
                         smooth((0.9, 0.1), (0.1, 0.9))),
    "boxed tick": fixed(bent((0, 0.1), (0.8, 0.1), (0.8, 1), (0, 1), (0, 0.1)), bent((0.2, 0.5), (0.4, 0.8), (1, 0))),
    "star": star,
    "asterisk": asterisk,
    "sun": sun,
    "spiral": spiral,
    "arrow": arrow,
    "smiley": smiley,
    "zigzag": zigzag,
    "polygon": polygon,
    "scribble": scribble,
    "hatching": hatching,
    "parallels": parallels,
    "cloud": cloud,
}  # fmt: skip
"""Sign → form."""
