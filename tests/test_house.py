"""The house of the design: which room may know which."""

import ast
import re
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
    ["gym", "feeds", "holds"],
    ["models"],
    ["policy"],
    ["domain", "demo"],
    ["forms", "filters", "mails"],
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
        # It makes up a gym.
        "bookings.management.commands.seed_demo_gym",
        # People come along all together, and know nothing of bookings.
        "finova.accounts.importing",
    }
    writing = {name_of(path) for path in MODULES if "writing(" in path.read_text()}
    assert {name for name in writing if not name.startswith("bookings.domain.")} == {
        "bookings.models",
        "bookings.transactions",
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


SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
# What others put into our pages: Django's forms, and htmx while it waits.
NOT_OURS = {"errorlist", "nonfield", "htmx-request"}
QUOTED = re.compile(r"""\"[^"\n]*\"|'[^'\n]*'""")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def styled(css):
    """The classes that it has rules for."""
    bare = QUOTED.sub("", COMMENT.sub("", css))
    for selectors in re.findall(r"([^{};]+)\{", bare):
        yield from re.findall(r"\.([a-z][\w-]*)", selectors)


@pytest.fixture(scope="module")
def written():
    """Every word of the pages and of what makes them; `slot--` of slot--{{ state }}."""
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").rglob("*.js")]
    text = " ".join(path.read_text() for path in [*pages, *MODULES])
    return set(re.findall(r"[\w-]+", text))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_class_with_a_rule_is_in_a_page(sheet, written):
    dead = {
        name
        for name in styled(sheet.read_text())
        if name not in written and re.sub(r"--.*", "--", name) not in written
    }
    assert dead - NOT_OURS == set()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_nothing_quoted_would_be_rewritten_in_the_one_sheet(sheet):
    """It shortens without knowing what is in quotes."""
    quoted = QUOTED.findall(COMMENT.sub("", sheet.read_text()))
    assert [text for text in quoted if re.search(r"[{};,]|/\*|\s\s", text)] == []
