"""What eyes make of the colours, computed from the style sheets themselves."""

import re
from pathlib import Path

import pytest

from finova.icons import BRAND, PAGE
from trainers.models import AVATAR_HUES

ROOT = Path(__file__).resolve().parent.parent
SHEETS = ROOT / "static" / "css"
COLOURS = ("tokens.css", "status.css")


def tokens():
    """name → its colour in light, its colour in dark"""
    css = "".join((SHEETS / sheet).read_text() for sheet in COLOURS)
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    # Initials have the same colour in both.
    same = re.findall(r"--(avatar-\w+): (#\w{6})", css)
    pairs += [(name, colour, colour) for name, colour in same]
    return {name: colours for name, *colours in pairs}


TOKENS = tokens()

# Ink on a ground that is named otherwise.
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-soft") for ground in ("page", "card")),
    ("ink", "field"),
    ("ink-soft", "field"),
    ("accent", "page"),
    ("accent", "card"),
    ("accent-hover", "page"),
    ("accent-hover", "card"),
    ("on-bad", "page"),
    ("on-bad", "card"),
    *(("avatar-ink", f"avatar-{number}") for number in range(1, AVATAR_HUES + 1)),
]

# Rings, and the lines of what can be filled in (WCAG 1.4.11).
SHAPES = [
    ("focus", "page"),
    ("focus", "card"),
    ("on-brand", "brand"),
    ("field-line", "page"),
    ("field-line", "card"),
    ("field-line", "field"),
    ("accent", "booked"),
]

# --- light ------------------------------------------------------------------------


def linear(colour):
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    return [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]


def luminance(red, green, blue):
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def distance(one, other):
    """WCAG's contrast of two luminances."""
    light, dark = sorted((one, other), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def contrast(one, other):
    return distance(luminance(*linear(one)), luminance(*linear(other)))


def protanopic(red, green, blue):
    """As an eye without red cones has it (Viénot, Brettel, Mollon 1999)."""
    seen = 0.11238 * red + 0.88762 * green
    return seen, seen, 0.00401 * red - 0.00401 * green + blue


def deuteranopic(red, green, blue):
    """As an eye without green cones has it (Viénot, Brettel, Mollon 1999)."""
    seen = 0.29275 * red + 0.70725 * green
    return seen, seen, -0.02234 * red + 0.02234 * green + blue


def trichromatic(*colour):
    return colour


EYES = [trichromatic, deuteranopic, protanopic]


# --- what is promised ---------------------------------------------------------------


def named_pairs():
    """Each --on-x with the --x it is read on, and with its --x-hover if there is."""
    for ink in TOKENS:
        if ink.startswith("on-"):
            ground = ink.removeprefix("on-")
            ground = ground if ground in TOKENS else ground.removesuffix("-soft")
            yield ink, ground
            if f"{ground}-hover" in TOKENS:
                yield ink, f"{ground}-hover"


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
class TestColours:
    @pytest.mark.parametrize(("ink", "ground"), [*named_pairs(), *TEXT])
    def test_text_is_readable(self, mode, ink, ground):
        assert contrast(TOKENS[ink][mode], TOKENS[ground][mode]) >= 4.5

    @pytest.mark.parametrize(("shape", "ground"), SHAPES)
    def test_shapes_are_seen(self, mode, shape, ground):
        assert contrast(TOKENS[shape][mode], TOKENS[ground][mode]) >= 3

    @pytest.mark.parametrize("eye", EYES)
    def test_green_and_red_differ_without_their_hues(self, mode, eye):
        green, red = (linear(TOKENS[name][mode]) for name in ("available", "booked"))
        assert distance(luminance(*eye(*green)), luminance(*eye(*red))) >= 1.5


@pytest.mark.parametrize("eye", EYES)
def test_every_eye_sees_grey_as_it_is(eye):
    assert eye(0.5, 0.5, 0.5) == pytest.approx((0.5, 0.5, 0.5))


def test_colours_have_one_home():
    for sheet in SHEETS.glob("*.css"):
        if sheet.name not in COLOURS:
            text = sheet.read_text()
            assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(|hsl\(", text), sheet.name


def test_a_home_screen_has_the_pages_colours():
    icons = (ROOT / "templates" / "_icons.html").read_text()
    assert re.findall(r'theme-color" content="(#\w+)"', icons) == TOKENS["brand"]
    assert (TOKENS["brand"][0], TOKENS["page"][0]) == (BRAND, PAGE)


def test_all_that_moves_does_so_by_a_token():
    """The tokens are nothing for who asked for less motion."""
    for sheet in SHEETS.glob("*.css"):
        for rule in re.findall(r"(?:transition|animation):([^;]+);", sheet.read_text()):
            times = re.findall(r"\b\d+m?s\b", rule)
            still = ("panel-appears", "undo-is-over")
            assert set(times) <= {"1ms"} or any(name in rule for name in still), rule
