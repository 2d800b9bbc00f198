"""What a member writes in notes is read by its author and by the trainer alone."""

import pytest
from django.contrib import admin
from django.core import mail
from django.db import transaction

from tests.finova.conftest import METHODS, NOTE, ROLES, ROWS, WORDS

pytestmark = pytest.mark.django_db

# Who reads it where; a page with notes that is new gets its line here, or none.
READ = {
    ("GET", "member", "/sessions/{session}/"),
    ("GET", "member", "/account/download/"),
    ("GET", "trainer", "/coach/"),
    # A refusal shows the week again.
    ("POST", "trainer", "/coach/sessions/{session}/attended/"),
}


def text_of(answer):
    written = b"".join(answer) if answer.streaming else answer.content
    return written.decode(errors="replace")


def is_refused(method, role, path):
    word = ROWS[path][role].rstrip("*")
    return WORDS[word][METHODS.index(method)] in ("404", "405", "in", "admin")


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shows_it_to_anybody_else(gym, role):
    shown = set()
    for path in ROWS:
        for method in ("GET", "POST"):
            if is_refused(method, role, path):
                continue
            here = transaction.savepoint()
            if NOTE in text_of(gym.request(role, method, path)):
                shown.add((method, role, path))
            transaction.savepoint_rollback(here)
    assert shown == {each for each in READ if each[1] == role}


# What the accounts' own mails say is not known here, and cannot name a session.
SENDING = ("/trainers/", "/sessions/", "/coach/", "/offers/", "/api/", "/admin/")


def test_no_mail_carries_it(gym, django_capture_on_commit_callbacks):
    mail.outbox.clear()
    for path in (path for path in ROWS if path.startswith(SENDING)):
        here = transaction.savepoint()
        with django_capture_on_commit_callbacks(execute=True):
            for role in ROLES:
                if ROWS[path][role].endswith("*"):
                    gym.request(role, "POST", path)
        transaction.savepoint_rollback(here)
    assert mail.outbox
    for sent in mail.outbox:
        assert NOTE not in sent.body + sent.message().as_string()


class TestTheAdmin:
    """Nobody can find out by asking, either."""

    def test_no_search_and_no_filter_reads_it(self):
        for model_admin in admin.site._registry.values():
            asked = [*model_admin.search_fields, *model_admin.list_filter]
            words = {word for each in asked for word in str(each).split("__")}
            assert "notes" not in words, model_admin

    @pytest.mark.parametrize("role", ["desk", "admin"])
    @pytest.mark.parametrize("lookup", ["notes__startswith", "notes__regex", "notes"])
    def test_no_address_asks_for_it(self, gym, role, lookup):
        page = "/admin/bookings/trainingsession/"
        answer = gym.as_role(role).get(page, {lookup: NOTE[:4]})
        # Django's answer to a filter that is not offered.
        assert answer.status_code in (302, 400)
        people = gym.as_role(role).get(
            "/admin/accounts/user/", {f"sessions__{lookup}": NOTE[:4]}
        )
        assert people.status_code in (302, 400)
