"""What people type is text to every page: stored as it is, shown as it is.

Each page is fetched twice, with plain names and with those of the corpus, and parsed
as a browser parses it: it has the same elements with the same attributes, and in them
the texts stand letter by letter.
"""

import re
from datetime import time, timedelta
from urllib.parse import urlsplit

import html5lib
import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.db.models import F, QuerySet, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat
from django.test import Client

from bookings.models import BookingEvent, TrainingSession
from finova.accounts.models import ApiToken, User
from tests.bookings.test_api import post, request_for
from tests.conftest import MONDAY, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from tests.injection import FEW, STRINGS
from tests.stress.size import IS_LONG
from trainers.models import TimeOff, Trainer, TrainerSchedule

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

PLAIN = "Plain Name"
SHOWN_ALONE = STRINGS if IS_LONG else FEW


class Page:
    """An answer as a browser takes it apart."""

    def __init__(self, response):
        assert response.status_code in (200, 409, 422), response.status_code
        assert response["Content-Type"].startswith("text/html")
        text = response.content.decode()
        parse = html5lib.parse if "<html" in text else html5lib.parseFragment
        self.elements = [*parse(text, namespaceHTMLElements=False).iter()]

    @property
    def outline(self):
        """The page without its texts: elements and the names of their attributes."""
        return [(element.tag, sorted(element.attrib)) for element in self.elements]

    @property
    def targets(self):
        """Where it leads, and whence it loads."""
        names = {"href", "src", "action", "formaction", "hx-get", "hx-post"}
        for element in self.elements:
            yield from (element.get(name) for name in names & {*element.attrib})

    @property
    def text(self):
        """All texts and the values of all attributes."""
        parts = [(e.text, e.tail, *e.attrib.values()) for e in self.elements]
        return "\0".join(part for several in parts for part in several if part)


def assert_inert(plain, hostile, strings=()):
    assert hostile.outline == plain.outline
    text = hostile.text
    assert not [each for each in strings if line_ends_as_html(each) not in text]
    for target in hostile.targets:
        parts = urlsplit(target)
        assert parts.scheme in ("", "data"), target
        assert parts.netloc == "", target


def line_ends_as_html(text):
    return re.sub("\r\n?", "\n", text)


def one_line(strings):
    """Where the admin only shows a text, a line end in it is one on the page."""
    return [text for text in strings if "\n" not in text and "\r" not in text]


def test_the_corpus_is_what_it_says():
    assert len({*STRINGS}) == len(STRINGS) >= 200
    assert all(len(text) <= 100 and text == text.strip() for text in STRINGS)


def test_a_page_that_trusts_a_name_would_be_seen(ana, as_maya):
    page, trusting = as_maya.get("/trainers/"), as_maya.get("/trainers/")
    trusting.content = trusting.content.replace(b"Ana Ruiz", b"<b>Ana</b> Ruiz")
    with pytest.raises(AssertionError):
        assert_inert(Page(page), Page(trusting))
    with pytest.raises(AssertionError):
        assert_inert(Page(page), Page(page), ["<b>"])
    trusting.content = page.content.replace(b'href="/trainers/"', b'href="//evil"')
    with pytest.raises(AssertionError):
        assert_inert(Page(page), Page(trusting))


def test_notes(ana, as_maya):
    """Several strings to a note, from the API to one's own page."""
    own_pages = []
    for hour, notes in enumerate([PLAIN, *notes_of(STRINGS)], start=7):
        day = MONDAY + timedelta(days=1 + hour // 12)
        place = {"session_date": str(day), "start_time": f"{7 + hour % 12:02}:00"}
        body = {**place, "end_time": f"{8 + hour % 12:02}:00", "notes": notes}
        booked = post(as_maya, request_for(ana, **body)).json()["session"]
        assert TrainingSession.objects.get(pk=booked["id"]).notes == notes
        own = as_maya.get(f"/sessions/{booked['id']}/")
        own_pages.append((Page(own), notes))
    (plain, _), *others = own_pages
    for page, notes in others:
        assert_inert(plain, page, [notes])


def notes_of(strings):
    """As many as fit into 1000 characters at a time."""
    notes = ""
    for text in strings:
        if len(notes) + len(text) > 990:
            yield notes
            notes = ""
        notes += f" {text}" if notes else text
    yield notes


def test_notes_come_back_in_the_form_that_is_refused(ana, as_maya):
    def refused(text):
        data = {"at": f"{THURSDAY}T09:00", "session_type": text, "notes": text}
        return Page(as_maya.post("/trainers/ana-ruiz/book/", {**data, "key": text}))

    plain = refused(PLAIN)
    for text in SHOWN_ALONE:
        assert_inert(plain, refused(text), [text])


@pytest.fixture
def trainers(ana):
    """One trainer for each string, with one slot a week each; the plain one first."""
    ana.delete()
    names = [PLAIN, *STRINGS]
    Trainer.objects.bulk_create(
        Trainer(
            name=name,
            slug=f"trainer-{n}",
            specialisation=name,
            about=name,
            hourly_rate=60,
        )
        for n, name in enumerate(names)
    )
    rows = Trainer.objects.order_by("pk")
    TrainerSchedule.objects.bulk_create(
        TrainerSchedule(trainer=row, day_of_week=4, time_slot=time(9)) for row in rows
    )
    assert [row.name for row in rows] == names
    return list(rows)


def test_trainers_on_their_own_pages(trainers, as_maya):
    def check(address, others, **headers):
        def page(trainer):
            url = f"/trainers/{trainer.slug}/{address}"
            return Page(as_maya.get(url, headers=headers))

        plain = page(trainers[0])
        for trainer in others:
            assert_inert(plain, page(trainer), [trainer.name])

    panel, few = f"?at={THURSDAY}T09:00", 1 if IS_LONG else 10
    check(panel, trainers[1:], **{"HX-Request": "true"})
    check(panel, trainers[1::few])
    check("", trainers[2::few])


def test_trainers_in_what_members_are_told(trainers, maya, as_maya):
    def pages(trainer):
        data = {"at": f"{THURSDAY}T09:00", "session_type": "consultation"}
        url = f"/trainers/{trainer.slug}/book/"
        yield Page(as_maya.post(url, data, headers={"HX-Request": "true"}))
        session = maya.sessions.get()
        yield Page(as_maya.get(f"/sessions/{session.pk}/cancel/"))
        yield Page(as_maya.post(f"/sessions/{session.pk}/cancel/", follow=True))
        session.delete()

    plain = [*pages(trainers[0])]
    for trainer in trainers[1 :: 1 if IS_LONG else 10]:
        for expected, page in zip(plain, pages(trainer), strict=True):
            assert_inert(expected, page, [trainer.name])
        refusal = post(as_maya, request_for(trainer, session_type="demo"))
        assert refusal["Content-Type"].startswith("application/json")
        assert refusal.json()["error"].startswith(f"{trainer.name} does not give")


def test_trainers_between_whom_a_session_moves(ana, maya, as_maya):
    bea = TrainerFactory(name="Bea", slug="bea")

    def pages(name):
        Trainer.objects.update(name=name)
        own = f"/sessions/{book(maya, ana, THURSDAY, 9, now=NOW).pk}/"
        move, then = f"{own}reschedule/{bea.slug}/", f"{NEXT_THURSDAY}T09:00"
        yield Page(as_maya.get(f"{move}?at={then}"))
        yield Page(as_maya.post(move, {"at": then}, follow=True))
        yield Page(as_maya.get(own))
        maya.sessions.get().delete()

    plain = [*pages(PLAIN)]
    for text in SHOWN_ALONE:
        for expected, page in zip(plain, pages(text), strict=True):
            assert_inert(expected, page, [text])


def with_plain_names(model, *fields):
    """The same rows, with names that are harmless, and as different as before."""
    number = Cast(F("pk"), CharField())
    model.objects.update(**{f: Concat(Value(f"{PLAIN} "), number) for f in fields})


def assert_lists_are_inert(plain, hostile):
    """Lists of pages; those of one list show all the strings together."""
    for before, pages in zip(plain, hostile, strict=True):
        for expected, page in zip(before, pages, strict=True):
            assert_inert(expected, page)
        text = "\0".join(page.text for page in pages)
        assert not [each for each in STRINGS if line_ends_as_html(each) not in text]


# Of the trainers' cards.
PAGES = -(-len(STRINGS) // 36)


def test_trainers_in_lists(trainers, maya, frieda, as_maya, as_frieda):
    for week, trainer in enumerate(trainers, start=1):
        day = THURSDAY + timedelta(weeks=week)
        book(maya, trainer, day, 9, by=frieda, now=NOW, reason="A life ahead")

    def lists():
        yield [Page(as_maya.get(f"/trainers/?page={n}")) for n in range(1, PAGES + 1)]
        yield [Page(as_maya.get("/sessions/"))]
        yield every_page(as_frieda, "/admin/trainers/trainer/")
        yield every_page(as_frieda, "/admin/bookings/trainingsession/")

    hostile = [*lists()]
    with_plain_names(Trainer, "name", "specialisation", "about")
    assert_lists_are_inert(lists(), hostile)


def every_page(client, address):
    """Of a list of the admin, however many rows it shows at a time."""
    last = client.get(address).context["cl"].paginator.num_pages
    return [Page(client.get(f"{address}?p={n}")) for n in range(1, last + 1)]


@pytest.fixture
def members(db):
    """One member for each string, with a program that has the same name."""
    people = User.objects.bulk_create(
        User(name=text, email=f"m{n}@example.com") for n, text in enumerate(STRINGS)
    )
    ApiToken.objects.bulk_create(
        ApiToken(name=person.name, user=person, digest=person.email)
        for person in people
    )
    return people


def test_members_in_lists(ana, members, as_frieda):
    hours = ((day, hour) for day in range(1, 60) for hour in range(8, 16))
    for member, (day, hour) in zip(members, hours, strict=False):
        book(member, ana, MONDAY + timedelta(days=day), hour, now=NOW)
    tokens = "/admin/accounts/apitoken/"
    keys = list(ApiToken.objects.values_list("pk", flat=True))
    delete = {"action": "delete_selected", "_selected_action": keys}

    def lists():
        yield every_page(as_frieda, "/admin/accounts/user/")
        yield every_page(as_frieda, "/admin/bookings/trainingsession/")
        yield every_page(as_frieda, "/admin/bookings/bookingevent/")
        yield [Page(as_frieda.post(tokens, delete))]

    hostile = [*lists()]
    with_plain_names(User, "name")
    with_plain_names(ApiToken, "name")
    assert_lists_are_inert(lists(), hostile)


def test_members_where_they_are_looked_for(members, as_frieda):
    """JSON, which select2 puts into the page as text."""
    query = "app_label=bookings&model_name=trainingsession&field_name=client&term="
    found, page, more = [], 0, True
    while more:
        page += 1
        answer = as_frieda.get(f"/admin/autocomplete/?{query}&page={page}")
        assert answer["Content-Type"] == "application/json"
        found += [result["text"] for result in answer.json()["results"]]
        more = answer.json()["pagination"]["more"]
    assert {*STRINGS} < {*found}


def test_a_member_alone(ana, frieda, as_frieda):
    """Typed in the admin; shown there, on their session, and in the greeting."""
    member = MemberFactory(name=PLAIN)
    session = book(member, ana, THURSDAY, 9, now=NOW)
    person = f"/admin/accounts/user/{member.pk}"
    meeting = f"/admin/bookings/trainingsession/{session.pk}"
    their_own = Client()
    their_own.force_login(member, "django.contrib.auth.backends.ModelBackend")

    def pages(name):
        LogEntry.objects.all().delete()
        data = {"name": name, "email": member.email, "is_active": "on"}
        yield Page(as_frieda.post(f"{person}/change/", data, follow=True))
        for part in ("change", "history", "delete"):
            yield Page(as_frieda.get(f"{person}/{part}/"))
        yield Page(as_frieda.get(f"{meeting}/change/"))
        yield Page(as_frieda.get(f"/admin/?day={THURSDAY}"))

    plain, greeting = [*pages(PLAIN)], Page(their_own.get("/"))
    for text in one_line(SHOWN_ALONE):
        for expected, page in zip(plain, pages(text), strict=True):
            assert_inert(expected, page, [text])
        assert User.objects.get(pk=member.pk).name == text
        # It greets by the first name alone.
        assert_inert(greeting, Page(their_own.get("/")))


def test_the_history_of_a_session_and_of_the_admin(ana, maya, frieda, as_frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    lines = one_line(STRINGS)
    BookingEvent.objects.bulk_create(
        BookingEvent(session=session, actor=frieda, action="moved", at=NOW, reason=text)
        for text in lines
    )
    kind = ContentType.objects.get_for_model(TrainingSession)
    common = {"user": frieda, "content_type": kind, "object_id": session.pk}
    LogEntry.objects.bulk_create(
        LogEntry(
            **common,
            action_time=NOW + timedelta(minutes=n),
            action_flag=CHANGE,
            object_repr=text,
            change_message=text,
        )
        for n, text in enumerate(lines)
    )
    change = f"/admin/bookings/trainingsession/{session.pk}"

    def pages():
        yield Page(as_frieda.get(f"{change}/change/")), lines
        yield Page(as_frieda.get("/admin/bookings/bookingevent/")), lines[-100:]
        yield Page(as_frieda.get(f"{change}/history/")), lines[:100]

    hostile = [*pages()]
    # The history can only be added to, but by somebody who passes it by.
    QuerySet(BookingEvent).exclude(reason="").update(reason=PLAIN)
    LogEntry.objects.update(object_repr=PLAIN, change_message=PLAIN)
    for (plain, _), (page, strings) in zip(pages(), hostile, strict=True):
        assert_inert(plain, page, strings)


def test_why_a_trainer_is_away(ana, as_frieda):
    lines = one_line(STRINGS)
    TimeOff.objects.bulk_create(
        TimeOff(trainer=ana, first_day=day, last_day=day, reason=text, notice=text)
        for n, text in enumerate(lines)
        for day in [MONDAY + timedelta(days=n)]
    )
    address = f"/admin/trainers/trainer/{ana.pk}/change/"
    hostile = Page(as_frieda.get(address))
    TimeOff.objects.update(reason=PLAIN, notice=PLAIN)
    assert_inert(Page(as_frieda.get(address)), hostile, lines)


def test_who_joins_under_such_a_name(db):
    def join(name, email, password):
        data = {"name": name, "email": email, "password1": password}
        return Client().post("/accounts/signup/", data)

    refused = Page(join(PLAIN, "plain@example.com", "short"))
    # The door lets in twenty a minute.
    for n, text in enumerate(FEW[:9]):
        assert join(text, f"new{n}@example.com", "long enough!").status_code == 302
        assert User.objects.get(email=f"new{n}@example.com").name == text
        page = Page(join(text, "plain@example.com", "short"))
        assert_inert(refused, page, [text])
    assert mail.outbox
    for message in mail.outbox:
        assert "\n" not in message.subject
        assert not message.alternatives
