"""A gym's people, from the table they were kept in."""

import re
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from finova.accounts.models import User
from tests.finova.test_account_mails import NoPost as NoPost

pytestmark = pytest.mark.django_db

HEADER = "name,email,phone,language,staff_notes"
NORA = "Nora Novák,Nora@example.com,0151 23456,de,Comes with her dog"
JOE = "Old Joe,,030 1234,,"


@pytest.fixture
def table(tmp_path):
    def write(*lines, encoding="utf-8", end="\n"):
        path = tmp_path / "people.csv"
        path.write_bytes(end.join([*lines, ""]).encode(encoding))
        return str(path)

    return write


def bring(path, **options):
    """What the command says, and what it complains of."""
    said, faults = StringIO(), StringIO()
    try:
        call_command("import_members", path, stdout=said, stderr=faults, **options)
    except CommandError as error:
        faults.write(str(error))
    return said.getvalue().strip(), faults.getvalue().strip().splitlines()


def test_people_become_members(table):
    said, faults = bring(table(HEADER, NORA, JOE))
    assert (said, faults) == ("2 people added, 0 known already", [])
    nora, joe = User.objects.order_by("name")
    assert (nora.name, nora.email, nora.phone) == (
        "Nora Novák",
        "nora@example.com",
        "0151 23456",
    )
    assert (nora.language, nora.staff_notes) == ("de", "Comes with her dog")
    assert nora.has_perm("bookings.book_session")
    assert not nora.has_usable_password()
    assert nora.is_active
    assert joe.email is None
    assert not mail.outbox


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("first", [[], ["sep="]])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_as_excel_and_others_write_it(table, encoding, between, first, end):
    lines = [line.replace(",", between) for line in (HEADER, NORA, JOE)]
    first = [each + between for each in first]
    path = table(*first, *lines, encoding=encoding, end=end)
    assert bring(path)[0] == "2 people added, 0 known already"


def test_a_second_run_adds_nobody_and_changes_nobody(table):
    path = table(HEADER, NORA, JOE)
    bring(path)
    User.objects.filter(email="nora@example.com").update(name="Nora Novák-Berg")
    assert bring(path) == ("0 people added, 2 known already", [])
    assert User.objects.filter(name="Nora Novák-Berg").exists()


def test_a_number_written_otherwise_is_the_same_person(table):
    bring(table(HEADER, JOE))
    again = bring(table(HEADER, "OLD  JOE,,030-1234,,", "Old Joe,,030 9,,"))
    assert again[0] == "1 person added, 1 known already"


def test_a_dry_run_changes_nothing(table):
    said, _ = bring(table(HEADER, NORA), dry_run=True, invite="https://gym.example")
    assert said == "1 person added, 0 known already (dry run: nothing was changed)"
    assert not User.objects.exists()
    assert not mail.outbox


def test_every_fault_is_told_with_its_line_and_nobody_comes(table):
    said, faults = bring(
        table(
            HEADER,
            NORA,
            "No Way,,,,",
            ",x@example.com,,,",
            "",
            '"Two\nlines",not an address,,,',
            "Ann,,call me,,",
            "Ben,ben@example.com,,tlh,",
            "Nora,NORA@example.com,,,",
            "Ann,ann@example.com,1,,,,,more",
            "A" * 101 + ",a@example.com,,,",
        )
    )
    assert said == ""
    assert faults == [
        "line 3: phone is missing: who has no email needs one.",
        "line 4: name is missing.",
        "line 6: email “not an address” is no email address.",
        "line 8: phone “call me” is no phone number.",
        "line 9: language “tlh” is not one of en-gb, de, es, fr.",
        "line 10: is the same person as line 2.",
        "line 11: has 8 cells, and the first line 5.",
        "line 12: name is longer than 100 characters.",
        "8 lines have errors: nothing was imported.",
    ]
    assert not User.objects.exists()


def test_a_quotation_mark_that_nobody_closes_is_told(table):
    _, faults = bring(table(HEADER, NORA, '"Ann,ann@example.com,,,', JOE))
    assert faults[0].startswith("line 3: a quotation mark is opened")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["email,phone"], "names no column “name”"),
        (["name,mail"], "names a column “mail”. Known columns: name, email"),
        (["name,name"], "names twice: name"),
        ([""], "names no column “name”"),
    ],
)
def test_columns_have_names(table, lines, fault):
    assert fault in bring(table(*lines))[1][0]


def test_a_table_in_another_encoding_says_what_to_do(table):
    _, faults = bring(table(HEADER, NORA, encoding="latin-1"))
    assert "save it as “CSV UTF-8”" in faults[0]
    assert "cannot be read" in bring("/nowhere.csv")[1][0]


def test_the_new_are_invited(table):
    bring(table(HEADER, JOE))
    path = table(HEADER, NORA, JOE, "Ann,ann@example.com,,,")
    said, _ = bring(path, invite="https://gym.example/")
    assert said.splitlines()[1] == "2 invitations sent"
    link = r"https://gym\.example/accounts/password/reset/key/\w+-\S+"
    assert [letter.to[0] for letter in mail.outbox] == [
        "nora@example.com",
        "ann@example.com",
    ]
    assert all(re.search(link, letter.body) for letter in mail.outbox)
    assert mail.outbox[0].body.startswith("Hallo!")
    bring(path, invite="https://gym.example")
    assert len(mail.outbox) == 2


def test_where_to_is_asked_before_anybody_is_added(table):
    assert "say it like" in bring(table(HEADER, NORA), invite="gym.example")[1][0]
    assert not User.objects.exists()


def test_a_mail_that_cannot_leave_is_told(table, settings):
    settings.EMAIL_BACKEND = f"{__name__}.NoPost"
    said, faults = bring(table(HEADER, NORA), invite="https://gym.example")
    assert "1 person added" in said
    assert faults[0] == "nora@example.com: the invitation could not be sent"
    assert "All people are added" in faults[1]
