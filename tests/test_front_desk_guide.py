"""docs/front-desk.md: what it calls a button is what stands on the button."""

import re
from pathlib import Path

import django
import pytest

HERE = Path(__file__).resolve().parent.parent
GUIDE = HERE / "docs" / "front-desk.md"
# What Django's own pages say stands in its templates.
SOURCES = [HERE / "bookings", HERE / "trainers", HERE / "finova", HERE / "templates"]
SOURCES.append(Path(django.__file__).parent / "contrib" / "admin" / "templates")
# A key; and what opens a paragraph is no button.
NOT_ON_THE_SCREEN = {"Enter"}


def names_in_the_guide():
    bold = re.findall(r"\*\*([^*]+)\*\*", GUIDE.read_text())
    said = {" ".join(each.split()) for each in bold if not each[0].isdigit()}
    return sorted(said - NOT_ON_THE_SCREEN)


@pytest.fixture(scope="module")
def strings():
    files = [
        file
        for folder in SOURCES
        for kind in ("*.py", "*.html")
        for file in folder.rglob(kind)
    ]
    return " ".join(file.read_text() for file in files)


@pytest.mark.parametrize("name", names_in_the_guide())
def test_it_stands_on_the_screen(strings, name):
    assert re.search(f'[">]{re.escape(name)}["<]', strings, re.IGNORECASE), name


def test_its_pictures_and_pages_are_there():
    text = GUIDE.read_text()
    links = re.findall(r"\]\(([^)#]+)[^)]*\)|src=\"([^\"]+)\"", text)
    assert len(links) > 5
    for link in links:
        assert (GUIDE.parent / "".join(link)).is_file(), link
