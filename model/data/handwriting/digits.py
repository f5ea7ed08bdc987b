"""The forms in which the world writes the ten digits.

Where they are at home, as far as is known: the 1 with a long upstroke and the barred 7 in continental Europe and Latin
America (the bar keeps a 7 from being read as such a 1); the slashed zero among programmers, engineers and soldiers, who
tell it from an O; the open 4 in handwriting, the closed one in print. No form is copied from a data set: each is
written down here as a reader sees it.
"""

from __future__ import annotations

from model.data.handwriting import high_digits as high
from model.data.handwriting import low_digits as low
from model.data.handwriting.strokes import Form

FORMS: dict[int, dict[str, Form]] = {
    0: {"plain": low.zero, "open": low.zero_open, "tail": low.zero_with_tail, "slashed": low.zero_slashed,
        "backslashed": low.zero_backslashed, "slashed in one": low.zero_slashed_in_one, "dotted": low.zero_dotted},
    1: {"plain": low.one, "upstroke": low.one_with_upstroke, "base": low.one_with_base, "both": low.one_with_both},
    2: {"plain": low.two, "wavy": low.two_wavy, "looped": low.two_looped, "curled": low.two_curled},
    3: {"plain": low.three, "flat": low.three_flat, "looped": low.three_looped, "angular": low.three_angular},
    4: {"open": low.four_open, "cupped": low.four_cupped, "closed": low.four_closed, "in one": low.four_in_one,
        "lightning": low.four_lightning, "long": low.four_long},
    5: {"plain": high.five, "two strokes": high.five_two_strokes, "like S": high.five_like_s},
    6: {"plain": high.six, "curled": high.six_curled, "straight": high.six_straight},
    7: {"plain": high.seven, "barred": high.seven_barred, "serif": high.seven_with_serif,
        "curved": high.seven_curved, "long": high.seven_long},
    8: {"plain": high.eight, "circles": high.eight_of_circles, "open": high.eight_open},
    9: {"plain": high.nine, "straight": high.nine_straight, "hooked": high.nine_hooked, "lollipop": high.nine_lollipop},
}  # fmt: skip
"""digit → name → form."""
