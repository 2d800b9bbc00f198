"""Today, the admin's first page."""

from datetime import time, timedelta

import html5lib
import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from bookings.domain.booking import cancel_session, complete_session, mark_no_show
from bookings.domain.marking import check_in
from bookings.domain.offers import offer_alternatives
from bookings.domain.today import build_today
from bookings.models import TrainingSession
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, be_easy_going, book
from trainers.clock import at_gym
from trainers.models import Closure, TimeOff

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

TUESDAY = MONDAY + timedelta(days=1)
NINE = at_gym(MONDAY, time(9))


@pytest.fixture
def at():
    """As if it were then, in gym time."""

    def travel(day, *clock):
        moment = time_machine.travel(at_gym(day, time(*clock)), tick=False)
        moment.start()
        clocks.append(moment)

    clocks = []
    yield travel
    for clock in reversed(clocks):
        clock.stop()


@pytest.fixture
def desk(db):
    person = MemberFactory(name="Frieda Front", is_staff=True)
    person.groups.add(Group.objects.get(name="Front desk"))
    return person


@pytest.fixture
def as_desk(desk):
    def client():
        """Signed in anew: a shift is shorter than what these tests travel."""
        client = Client()
        client.force_login(desk, "django.contrib.auth.backends.ModelBackend")
        return client

    return client


def tree(response):
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False)


def words(node):
    return " ".join("".join(node.itertext()).split())


def part(response, name):
    """The words in the element of that id; None where there is none."""
    found = tree(response).find(f".//*[@id='{name}']")
    return None if found is None else words(found)


def buttons(response, within):
    found = tree(response).find(f".//*[@id='{within}']")
    return {
        words(button): button.get("value")
        for button in found.iter("button")
        if button.get("name") == "do"
    }


def press(client, response, label, within):
    """As a browser does: the button's value, and the fields of its form."""
    root = tree(response)
    parents = {child: parent for parent in root.iter() for child in parent}
    scope = root.find(f".//*[@id='{within}']") if within else root
    (button, *_) = [
        each
        for each in scope.iter("button")
        if each.get("name") == "do" and words(each) == label
    ]
    form = button
    while form.tag != "form":
        form = parents[form]
    fields = {
        each.get("name"): each.get("value")
        for each in form.iter("input")
        if each.get("type") == "hidden"
    }
    fields |= {"do": button.get("value")}
    return client.post(form.get("action"), fields, follow=True)


def said(response):
    return [
        words(each)
        for each in tree(response).iterfind(".//ul[@class='messagelist']/li")
    ]


class TestTheDay:
    def test_as_the_clock_goes_on(self, ana, maya, omar, frieda):
        here = book(maya, ana, MONDAY, 9, now=NOW)
        absent = book(omar, ana, MONDAY, 10, now=NOW)

        def states(hour, minute=0):
            now = at_gym(MONDAY, time(hour, minute))
            return [str(one.progress) for one in build_today(MONDAY, now=now).visits]

        assert states(8) == ["expected", "expected"]
        check_in(here, by=frieda, now=at_gym(MONDAY, time(8, 50)))
        assert states(8, 55) == ["checked_in", "expected"]
        assert states(9) == ["under_way", "expected"]
        assert states(10) == ["unmarked", "late"]
        complete_session(here, by=frieda, now=at_gym(MONDAY, time(10)))
        mark_no_show(absent, by=frieda, now=at_gym(MONDAY, time(11)))
        assert states(12) == ["completed", "no_show"]

    def test_what_was_cancelled_in_time_is_gone_and_late_stays(self, ana, maya, omar):
        be_easy_going(cancel_cut_off_hours=2)
        cancel_session(book(maya, ana, MONDAY, 12, now=NOW), by=maya, now=NOW)
        late = book(omar, ana, MONDAY, 7, now=NOW)
        cancel_session(late, by=omar, now=NOW, late_is_fine=True)
        today = build_today(MONDAY, now=NOW)
        assert [each.member for each in today.visits] == ["Omar Haddad"]
        assert [each.pk for each in today.cancelled_late] == [late.pk]

    def test_late_cancellations_are_those_of_today_and_yesterday(self, ana, maya):
        be_easy_going(cancel_cut_off_hours=100)
        session = book(maya, ana, THURSDAY, 12, now=NOW)
        cancel_session(session, by=maya, now=NOW, late_is_fine=True)
        for days, count in ((0, 1), (1, 1), (2, 0)):
            now = at_gym(MONDAY + timedelta(days=days), time(23))
            assert len(build_today(MONDAY, now=now).cancelled_late) == count

    def test_the_timeline_has_a_row_per_trainer_along_the_hours(self, ana, maya, omar):
        ben = TrainerFactory(name="Ben Carter", session_minutes=45)
        book(maya, ana, MONDAY, 9, now=NOW)
        book(omar, ana, MONDAY, 12, now=NOW)
        half = book(MemberFactory(), TrainerFactory(), MONDAY, 10, now=NOW)
        half.trainer = ben
        half.start_time, half.end_time = time(10, 45), time(11, 30)
        half.save()
        line = build_today(MONDAY, now=at_gym(MONDAY, time(10, 2))).timeline
        assert line.hours == [time(9), time(10), time(11), time(12)]
        assert line.now == 12
        shape = {
            row.trainer: [
                [(block.width, block.visit is not None) for block in one]
                for one in row.lines
            ]
            for row in line.rows
        }
        assert shape == {
            "Ana Ruiz": [[(12, True), (24, False), (12, True)]],
            "Ben Carter": [[(21, False), (9, True), (18, False)]],
        }

    def test_a_time_that_was_given_away_anew_is_on_a_line_below(
        self, ana, maya, omar, frieda
    ):
        early = book(maya, ana, MONDAY, 9, now=NOW)
        complete_session(early, by=frieda, now=NOW, early_is_fine=True)
        book(omar, ana, MONDAY, 9, now=NOW)
        (row,) = build_today(MONDAY, now=NOW).timeline.rows
        members = [[block.visit.member for block in line] for line in row.lines]
        assert members == [["Maya Lindqvist"], ["Omar Haddad"]]

    def test_the_last_hour_of_the_day(self, ana, maya):
        late = book(maya, ana, MONDAY, 19, now=NOW)
        late.start_time, late.end_time = time(23), time.max
        late.save()
        (row,) = build_today(MONDAY, now=NOW).timeline.rows
        assert [block.width for block in row.lines[0]] == [12]

    @pytest.mark.parametrize(("count", "shown"), [(3, 3), (300, 200)])
    def test_it_asks_as_often_with_three_as_with_three_hundred(
        self, count, shown, maya, as_desk, django_assert_max_num_queries
    ):
        crowd(count)
        with django_assert_max_num_queries(9):
            today = build_today(MONDAY, now=NINE)
        assert len(today.visits) == shown
        assert today.unmarked_count == count
        client = as_desk()
        with django_assert_max_num_queries(18):
            page = client.get("/admin/")
        assert len(tree(page).findall(".//ol[@class='visits']/li")) == shown

    def test_more_than_fit_on_a_page_are_on_the_next(self, maya):
        crowd(300)
        pages = [build_today(MONDAY, now=NINE, page=page) for page in (1, 2)]
        assert [len(each.visits) for each in pages] == [200, 100]
        trainers = [{visit.trainer_id for visit in each.visits} for each in pages]
        assert not trainers[0] & trainers[1]
        assert [each.page_after for each in pages] == [2, None]
        # What is left to do is of all of them, whatever page it is.
        assert pages[1].unmarked_count == 300
        for strange in (0, -1, 99):
            assert build_today(MONDAY, now=NINE, page=strange).visits

    def test_a_member_is_found_by_a_part_of_the_name(self, ana, maya, omar, as_desk):
        book(maya, ana, MONDAY, 9, now=NOW)
        book(omar, ana, MONDAY, 10, now=NOW)
        found = part(as_desk().get("/admin/?q=lindq"), "content")
        assert "Maya Lindqvist" in found
        assert "Omar" not in found
        nobody = part(as_desk().get("/admin/?q=zz"), "content")
        assert "Nobody of this name has a session on this day." in nobody


def crowd(count):
    """So many sessions today, and as many of the last week, put in by hand."""
    trainers = [TrainerFactory() for _ in range(-(-count // 10))]
    members = [MemberFactory() for _ in range(min(count, 30))]
    rows = [
        TrainingSession(
            trainer=trainers[n // 10],
            client=members[n % len(members)],
            session_date=day,
            start_time=time(7 + n % 10),
            end_time=time(8 + n % 10),
        )
        for n in range(count)
        for day in (MONDAY, MONDAY - timedelta(days=1))
    ]
    # Here a member may be in two places: only how many rows there are matters.
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE training_sessions "
            "DROP CONSTRAINT training_sessions_no_client_overlap"
        )
    QuerySet(TrainingSession).bulk_create(rows)


class TestThePage:
    def test_it_is_the_admins_first_page_with_the_list_of_apps_below(
        self, ana, maya, as_desk
    ):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        page = as_desk().get("/admin/")
        assert "Today, Monday 7 December" in words(tree(page).find(".//h1"))
        line = part(page, f"session-{session.pk}")
        for word in ("09:00 – 10:00", "Maya Lindqvist", "Ana Ruiz", "Expected"):
            assert word in line
        assert "/admin/trainers/trainer/" in page.content.decode()

    def test_it_turns_to_other_days(self, ana, maya, as_desk):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        client = as_desk()
        assert part(client.get("/admin/"), f"session-{session.pk}") is None
        page = client.get(f"/admin/?day={THURSDAY}")
        assert "Maya" in part(page, f"session-{session.pk}")
        # Nobody checks in for another day.
        assert buttons(page, f"session-{session.pk}") == {}
        links = {words(a): a.get("href") for a in tree(page).iter("a")}
        assert links["Previous day"] == "?day=2026-12-09"
        assert links["Next day"] == "?day=2026-12-11"

    @pytest.mark.parametrize("day", ["", "yesterday", "2026-13-01", "9999-12-31"])
    def test_a_strange_day(self, as_desk, day):
        assert as_desk().get("/admin/", {"day": day}).status_code == 200

    def test_it_says_that_the_gym_is_closed_and_who_is_away(self, ana, as_desk):
        ben = TrainerFactory(name="Ben Carter")
        for trainer, start, end in ((ana, 0, 9), (ana, 12, 13), (ben, 0, None)):
            TimeOff.objects.create(
                trainer=trainer,
                first_day=MONDAY,
                last_day=MONDAY,
                starts_at=time(start),
                ends_at=end and time(end),
                reason="Something private",
            )
        Closure.objects.create(name="Stocktaking", first_day=MONDAY, last_day=MONDAY)
        page = part(as_desk().get("/admin/"), "content")
        assert "The gym is closed: Stocktaking." in page
        assert "Away on this day: Ana Ruiz, Ben Carter" in page
        assert "private" not in page
        other = part(as_desk().get(f"/admin/?day={TUESDAY}"), "content")
        assert "closed" not in other
        assert "Away" not in other

    def test_the_list_leads_down_to_now(self, ana, maya, omar, as_desk, at):
        book(maya, ana, MONDAY, 7, now=NOW)
        coming = book(omar, ana, MONDAY, 12, now=NOW)
        assert "Down to now" not in part(as_desk().get("/admin/"), "content")
        at(MONDAY, 9)
        links = {
            words(a): a.get("href") for a in tree(as_desk().get("/admin/")).iter("a")
        }
        assert links["Down to now"] == f"#session-{coming.pk}"

    def test_who_may_not_see_sessions_has_djangos_own_list(self, ana, maya):
        book(maya, ana, MONDAY, 9, now=NOW)
        person = MemberFactory(is_staff=True)
        person.user_permissions.add(Permission.objects.get(codename="view_trainer"))
        client = Client()
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
        page = client.get("/admin/")
        assert "Maya" not in page.content.decode()
        assert "Recent actions" in page.content.decode()

    def test_who_may_only_look_has_no_buttons(self, ana, maya, at):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        person = MemberFactory(is_staff=True)
        person.user_permissions.add(
            Permission.objects.get(codename="view_trainingsession")
        )
        client = Client()
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
        page = client.get("/admin/")
        assert buttons(page, "content") == {}
        refused = client.post("/admin/today/", {"do": f"check_in:{session.pk}"})
        assert refused.status_code == 403
        assert story(session) == ["booked"]

    def test_it_has_no_notes(self, ana, maya, as_desk):
        book(maya, ana, MONDAY, 9, now=NOW, notes="My knee hurts")
        assert "knee" not in as_desk().get("/admin/").content.decode()

    def test_times_are_written_as_its_reader_wishes(self, ana, maya, desk, as_desk):
        desk.time_display = "12"
        desk.save()
        session = book(maya, ana, MONDAY, 15, now=NOW)
        page = as_desk().get("/admin/")
        assert "3:00 PM" in part(page, f"session-{session.pk}")
        assert "15:00" not in words(tree(page).find(".//main"))


def story(session):
    return [event.action for event in session.events.all()]


class TestWhatCanBeDone:
    def test_checking_in_and_undo(self, ana, maya, desk, as_desk, at):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        at(MONDAY, 8, 55)
        client = as_desk()
        row = f"session-{session.pk}"
        after = press(client, client.get("/admin/"), "Check in", row)
        assert after.redirect_chain == [(f"/admin/#{row}", 302)]
        assert said(after) == [
            "Maya Lindqvist is checked in: 09:00 with Ana Ruiz. Undo"
        ]
        assert "Checked in" in part(after, row)
        assert session.events.last().actor == desk
        back = press(client, after, "Undo", None)
        assert "Expected" in part(back, row)
        assert story(session) == ["booked", "checked_in", "check_in_undone"]

    def test_who_is_late_stands_above_with_the_number_to_call(
        self, ana, maya, as_desk, at
    ):
        maya.phone = "0151 23456"
        maya.save()
        session = book(maya, ana, MONDAY, 9, now=NOW)
        at(MONDAY, 9, 5)
        client = as_desk()
        page = client.get("/admin/")
        assert "Maya Lindqvist 0151 23456 09:00 – 10:00 with Ana Ruiz" in part(
            page, "late"
        )
        after = press(client, page, "No-show", "late")
        assert after.redirect_chain == [("/admin/#late", 302)]
        assert part(after, "late") is None
        back = press(client, after, "Undo", None)
        assert "Maya" in part(back, "late")
        assert story(session)[1:] == ["no_show", "mark_undone"]

    def test_completing_what_is_still_ahead_asks_first(self, ana, maya, as_desk, at):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        at(MONDAY, 8, 30)
        client = as_desk()
        row = f"session-{session.pk}"
        page = press(client, client.get("/admin/"), "Check in", row)
        asked = press(client, page, "Completed", row)
        assert asked.status_code == 409
        assert "Maya Lindqvist with Ana Ruiz on Monday 7 December starts at 09:00" in (
            words(tree(asked).find(".//main"))
        )
        assert story(session) == ["booked", "checked_in"]
        after = press(client, asked, "Complete it now", None)
        assert "Completed early: Maya Lindqvist" in said(after)[0]
        assert "Completed" in part(after, row)
        assert "Checked in" in part(press(client, after, "Take back", row), row)

    def test_what_nobody_marked_is_closed_in_one_go_and_back(
        self, ana, maya, omar, as_desk, at
    ):
        sessions = [
            book(maya, ana, MONDAY, 9, now=NOW),
            book(omar, ana, MONDAY, 10, now=NOW),
        ]
        today = book(maya, ana, TUESDAY, 7, now=NOW)
        at(TUESDAY, 9)
        client = as_desk()
        page = client.get("/admin/")
        assert f"unmarked-{today.pk}" not in page.content.decode()
        closed = press(client, page, "Close these 2 as completed", "unmarked")
        assert said(closed) == ["2 sessions completed. Undo"]
        assert "Every session until yesterday is marked." in part(closed, "unmarked")
        assert [story(each)[-1] for each in sessions] == ["completed"] * 2
        back = press(client, closed, "Undo", None)
        assert said(back) == ["2 sessions are open again."]
        assert "Maya" in part(back, "unmarked")
        assert [story(each)[-1] for each in sessions] == ["mark_undone"] * 2
        assert story(today) == ["booked"]

    def test_one_that_refuses_does_not_stop_the_rest(
        self, ana, maya, omar, as_desk, at
    ):
        over = book(maya, ana, MONDAY, 9, now=NOW)
        ahead = book(omar, ana, THURSDAY, 10, now=NOW)
        at(TUESDAY, 9)
        client = as_desk()
        do = {"do": f"complete:{over.pk},{ahead.pk}"}
        page = client.post("/admin/today/", do, follow=True)
        done, refused = said(page)
        assert "Completed: Maya Lindqvist, Monday 7 December, 09:00." in done
        assert "Omar Haddad, Thursday 10 December, 10:00: This session is not over" in (
            refused
        )

    def test_a_late_cancellation_can_be_taken_back_while_it_is_ahead(
        self, ana, maya, as_desk
    ):
        be_easy_going(cancel_cut_off_hours=12)
        session = book(maya, ana, MONDAY, 9, now=NOW)
        cancel_session(session, by=maya, now=NOW, late_is_fine=True)
        client = as_desk()
        page = client.get("/admin/")
        assert "Maya Lindqvist Mon 7 Dec, 09:00 – 10:00" in part(page, "cancelled")
        after = press(client, page, "Book it again", "cancelled")
        assert "Booked again: Maya Lindqvist" in said(after)[0]
        assert part(after, "cancelled").endswith("Nobody cancelled late.")

    def test_one_stays_on_the_page_of_trainers_and_with_who_was_looked_for(
        self, as_desk, monkeypatch
    ):
        monkeypatch.setattr("bookings.domain.today.MOST_VISITS", 10)
        crowd(20)
        last = TrainingSession.objects.filter(session_date=MONDAY).last()
        client = as_desk()
        for asked in ({"page": "2"}, {"q": last.client.name}):
            page = client.get("/admin/", asked)
            after = press(client, page, "Check in", f"session-{last.pk}")
            assert "Checked in" in part(after, f"session-{last.pk}")
            undone = press(client, after, "Undo", None)
            assert "Expected" in part(undone, f"session-{last.pk}")

    def test_a_refusal_is_said_on_the_page_and_changes_nothing(
        self, ana, maya, as_desk
    ):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        form = {"do": f"check_in:{session.pk}", "day": str(THURSDAY)}
        page = as_desk().post("/admin/today/", form)
        assert page.status_code == 409
        (refused,) = said(page)
        assert refused == (
            "Maya Lindqvist, Thursday 10 December, 09:00: "
            "Members check in on the day of their session."
        )
        assert "Thursday 10 December" in words(tree(page).find(".//h1"))
        assert story(session) == ["booked"]

    def test_a_refusal_speaks_of_the_member_to_who_is_at_the_desk(
        self, ana, maya, as_desk
    ):
        be_easy_going(cancel_cut_off_hours=12)
        session = book(maya, ana, MONDAY, 9, now=NOW)
        cancel_session(session, by=maya, now=NOW, late_is_fine=True)
        book(maya, TrainerFactory(name="Ben Carter"), MONDAY, 9, now=NOW)
        page = as_desk().post("/admin/today/", {"do": f"reopen:{session.pk}"})
        (refused,) = said(page)
        assert refused == (
            "Maya Lindqvist, Monday 7 December, 09:00: "
            "The member has another session at this time."
        )

    def test_a_session_that_is_gone_is_said(self, as_desk):
        page = as_desk().post("/admin/today/", {"do": "check_in:999999"})
        assert (page.status_code, len(said(page))) == (409, 1)

    @pytest.mark.parametrize(
        "do",
        ["", "check_in", "check_in:", "delete:1", "check_in:x", "check_in:0", "\0",
         "check_in:" + "9" * 30, "complete:" + ",".join(["1"] * 51)],
    )  # fmt: skip
    def test_nonsense_is_no_request(self, as_desk, do):
        assert as_desk().post("/admin/today/", {"do": do}).status_code == 400


class TestNewMembers:
    def test_who_waits_for_approval_comes_first(self, as_desk, ana):
        joined = {"Nadia New": 6, "Olga Old": 8, "Walid Waits": 90}
        for name, days in joined.items():
            person = MemberFactory(name=name, awaits_approval=name.startswith("W"))
            rows = type(person).objects.filter(pk=person.pk)
            rows.update(date_joined=NOW - timedelta(days=days))
        today = build_today(MONDAY, now=NOW)
        names = [person.name for person in today.newcomers]
        assert names == ["Walid Waits", "Nadia New"]

    def test_who_waits_is_approved_by_one_click(self, desk, as_desk):
        walid = MemberFactory(name="Walid Waits", awaits_approval=True)
        client = as_desk()
        root = tree(client.get("/admin/"))
        (button,) = [each for each in root.iter("button") if words(each) == "Approve"]
        form = {"action": "approve", "_selected_action": button.get("value")}
        client.post("/admin/accounts/user/", form)
        walid.refresh_from_db()
        assert not walid.awaits_approval


def booked_before(away, member):
    """As if the session had been there first."""
    away.delete()
    session = book(member, away.trainer, THURSDAY, 9, now=NOW)
    away.save()
    return session


class TestWhatCannotTakePlace:
    """A trainer takes time off alone; the desk has to learn whom it hits."""

    def told(self, client):
        page = tree(client.get("/admin/"))
        heading = page.find(".//*[@id='unsettled-heading']")
        if heading is None:
            return []
        box = page.find(".//section[@aria-labelledby='unsettled-heading']")
        return [" ".join(" ".join(row.itertext()).split()) for row in box.iter("li")]

    @pytest.fixture
    def away(self, ana):
        return TimeOff.objects.create(
            trainer=ana, first_day=THURSDAY, last_day=THURSDAY
        )

    def test_until_somebody_is_offered_another_time(self, ana, maya, away, as_desk):
        assert self.told(as_desk()) == []
        session = booked_before(away, maya)
        (line,) = self.told(as_desk())
        assert line.startswith("Ana Ruiz, Thursday 10 December 2026 1 session still")
        until = NOW + timedelta(hours=2)
        assert list(offer_alternatives([session], until=until, by=maya, now=NOW))
        assert self.told(as_desk()) == []

    def test_the_hours_of_a_time_off_count(self, ana, maya, away, as_desk):
        booked_before(away, maya)
        TimeOff.objects.update(starts_at=time(10))
        assert self.told(as_desk()) == []
        TimeOff.objects.update(starts_at=time(9, 30), ends_at=time(12))
        assert len(self.told(as_desk())) == 1
        TimeOff.objects.update(starts_at=time(7), ends_at=time(9))
        assert self.told(as_desk()) == []

    def test_a_closure_hits_every_trainer(self, ana, maya, as_desk):
        book(maya, ana, THURSDAY, 9, now=NOW)
        Closure.objects.create(name="Flood", first_day=THURSDAY, last_day=THURSDAY)
        (line,) = self.told(as_desk())
        assert line.startswith("Flood, 10 December 2026 1 session still stands in it.")
