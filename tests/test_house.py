"""The house of the design: which room may know which."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = [
    path
    for app in ("finova", "trainers", "bookings")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]

# What each room imports of ours points up this list, never down it.
APPS = ["trainers", "bookings", "finova"]
BOOKINGS = [
    ["exceptions"],
    ["transactions"],
    ["gym"],
    ["models"],
    ["policy"],
    ["domain", "demo"],
    ["forms"],
    ["views", "api", "admin", "management", "signals", "urls", "apps", "templatetags"],
]


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def app_level(module):
    app = module.split(".")[0]
    return APPS.index(app) if app in APPS else None


def bookings_level(module):
    parts = module.split(".")
    if parts[0] != "bookings" or len(parts) == 1:
        return None
    return next((n for n, rooms in enumerate(BOOKINGS) if parts[1] in rooms), None)


def arrows_down(importer, imported, level):
    ours, theirs = level(importer), level(imported)
    return None not in (ours, theirs) and theirs > ours


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_arrows_run_one_way(path):
    importer = name_of(path)
    for imported in imports(path):
        for level in (app_level, bookings_level):
            assert not arrows_down(importer, imported, level), (
                f"{importer} → {imported}"
            )


@pytest.mark.parametrize(
    ("importer", "imported", "level"),
    [
        ("trainers.models", "bookings.models", app_level),
        ("bookings.models", "finova.accounts.models", app_level),
        ("bookings.policy", "bookings.domain.week", bookings_level),
        ("bookings.domain.week", "bookings.views", bookings_level),
    ],
)
def test_an_arrow_that_runs_down_would_be_seen(importer, imported, level):
    assert arrows_down(importer, imported, level)


def test_transactions_open_in_the_domain_and_in_the_sessions_own_save_alone():
    opening = {
        name_of(path) for path in MODULES if "transaction.atomic" in path.read_text()
    }
    assert opening == {
        "bookings.domain.projection",
        "bookings.transactions",
        # Two commands: one tries a trainer and takes it back, one makes up a gym.
        "bookings.management.commands.init_trainer_schedules",
        "bookings.management.commands.seed_demo_gym",
    }


def test_every_booking_room_has_its_level():
    for path in MODULES:
        module = name_of(path)
        if module.startswith("bookings.") and module != "bookings.__init__":
            assert bookings_level(module) is not None, module


def test_nothing_marks_html_as_safe_or_ignores_conflicts_of_sessions():
    for path in [*MODULES, *(ROOT / "templates").rglob("*.html")]:
        text = path.read_text()
        assert "mark_safe" not in text, path
        assert "|safe" not in text, path
        if path.name != "schedule.py":
            assert "ignore_conflicts" not in text, path


def luminance(colour):
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return linear, sum(
        w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


def contrast(one, other):
    light, dark = sorted((luminance(one)[1], luminance(other)[1]), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def deuteranopic(colour):
    """Luminance to an eye without green cones (Viénot, Brettel, Mollon 1999)."""
    red, green, blue = luminance(colour)[0]
    seen = 0.29275 * red + 0.70725 * green
    return (
        0.2126 * seen
        + 0.7152 * seen
        + 0.0722 * (-0.02234 * red + 0.02234 * green + blue)
    )


@pytest.fixture(scope="module")
def tokens():
    import re

    sheets = ("tokens.css", "status.css")
    css = "".join((ROOT / "static/css" / sheet).read_text() for sheet in sheets)
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    return {name: colours for name, *colours in pairs}


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
class TestColours:
    @pytest.mark.parametrize(
        ("ink", "ground"),
        [
            ("on-available", "available"),
            ("on-available", "available-hover"),
            ("on-booked", "booked"),
            ("on-break", "break"),
            ("on-unavailable", "unavailable"),
            ("on-accent", "accent"),
            ("on-good", "good"),
            ("on-bad", "bad"),
            ("ink", "page"),
            ("ink", "card"),
            ("ink-soft", "page"),
            ("ink-soft", "card"),
            ("ink-soft", "field"),
            ("accent", "card"),
            ("on-bad", "card"),
        ],
    )
    def test_text_is_readable(self, tokens, mode, ink, ground):
        assert contrast(tokens[ink][mode], tokens[ground][mode]) >= 4.5

    def test_green_and_red_differ_without_their_hues(self, tokens, mode):
        green, red = tokens["available"][mode], tokens["booked"][mode]
        assert contrast(green, red) >= 1.5
        bright, dim = sorted((deuteranopic(green), deuteranopic(red)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 1.5
