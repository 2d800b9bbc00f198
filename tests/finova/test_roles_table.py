"""docs/roles.md says what is so: each of its rows is asked of the site itself."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission

from finova.accounts.addresses import prove
from finova.accounts.roles import PERMISSIONS
from tests.factories import MemberFactory
from tests.finova.conftest import ROWS, WORDS, digest
from tests.finova.test_access import outcome

PAGE = Path(__file__).parent.parent.parent / "docs" / "roles.md"
ASKED_OF = {
    "Members": "member",
    "Trainers": "trainer",
    "Front desk": "desk",
    "Administrators": "admin",
}


def read_table():
    """Each row's where, with what the page says of each role."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    head, _, *rows = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in lines
    )
    return {
        row[1].strip("`"): dict(zip(head[2:], row[2:], strict=True)) for row in rows
    }


TABLE = read_table()
ADDRESSES = [where for where in TABLE if where.startswith("/")]
NAMED = [where for where in TABLE if not where.startswith("/")]


def verdict(word):
    """What a word of access.txt comes to: done, seen or neither."""
    if word.endswith("*"):
        return "yes"
    return "look" if WORDS[word][1] == "200" else "–"


@pytest.fixture(scope="module")
def with_manager(gym):
    """The gym of the access matrix, with somebody more in it."""
    manager = MemberFactory(name="Margit Sommer")
    manager.groups.add(Group.objects.get(name="Managers"))
    prove(manager)
    gym.people["manager"] = manager
    gym.cookies["manager"] = gym.sign_in("manager")
    gym.digest = digest()
    return gym


@pytest.mark.django_db
@pytest.mark.parametrize("where", ADDRESSES)
def test_an_address_answers_as_the_page_says(with_manager, where):
    answered = {role: verdict(ROWS[where][who]) for role, who in ASKED_OF.items()}
    answered["Managers"] = verdict(outcome(with_manager, "manager", where))
    assert TABLE[where] == answered


@pytest.mark.django_db
@pytest.mark.parametrize("where", NAMED)
def test_a_permission_is_held_as_the_page_says(where):
    app, codename = where.split(".")
    permission = Permission.objects.get(content_type__app_label=app, codename=codename)
    holding = set(permission.group_set.values_list("name", flat=True))
    held = {role: "yes" if role in holding else "–" for role in PERMISSIONS}
    assert TABLE[where] == {**held, "Administrators": "yes"}


def test_the_page_tells_of_every_role():
    assert {tuple(row) for row in TABLE.values()} == {(*PERMISSIONS, "Administrators")}
    assert len(ADDRESSES) > 15
