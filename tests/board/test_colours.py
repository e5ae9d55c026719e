"""What is written on the board can be read, by light and in the dark: WCAG 2.2, criterion 1.4.3, level AA."""

import re
from pathlib import Path

import pytest

from service.board import pages

CSS = Path(pages.__file__).with_name("static").joinpath("board.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)

WRITTEN = [
    *((ink, "panel") for ink in ("ink", "muted", "accent", "buy", "sell", "good", "bad", "fault")),
    ("ink", "page"),
    ("buy", "buy-ground"),
    ("on-accent", "accent"),
]


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    digits = colour.removeprefix("#")
    pairs = [digit * 2 for digit in digits] if len(digits) == 3 else re.findall("..", digits)
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(pair, 16) / 255 for pair in pairs)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), WRITTEN, ids=["-on-".join(pair) for pair in WRITTEN])
def test_a_colour_stands_out_from_its_ground(scheme: dict[str, str], ink: str, ground: str) -> None:
    darker, lighter = sorted(luminance(scheme[name]) for name in (ink, ground))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_both_schemes_have_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()
