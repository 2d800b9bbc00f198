"""The member's pages without JavaScript, and the fragments that htmx swaps in."""

from datetime import time, timedelta

import html5lib
import pytest
import time_machine
from django.test import Client

from bookings.domain.booking import cancel_session
from bookings.domain.projection import refresh_schedule
from bookings.models import IdempotencyKey, TrainingSession
from tests.conftest import NOW, THURSDAY
from tests.factories import PASSWORD, TrainerFactory, be_easy_going, book
from trainers.models import TrainerSchedule

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

WEEK = "/trainers/ana-ruiz/?week=2026-12-07"
DAY = "/trainers/ana-ruiz/?day=2026-12-10"
PANEL = WEEK + "&at=2026-12-10T09:00"
HTMX = {"HX-Request": "true"}


def part(response, element_id):
    """An element of the answer as text, with what differs by nature taken out."""
    tree = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    for element in tree.iter("input"):
        if element.get("name") in ("csrfmiddlewaretoken", "key"):
            element.set("value", "")
    found = tree.find(f".//*[@id='{element_id}']")
    found.attrib.pop("hx-swap-oob", None)
    return html5lib.serialize(found).split()


def filled(form):
    """What the browser sends when the member changes nothing."""
    first_type = form.fields["session_type"].choices[0][0]
    values = {name: form[name].value() or "" for name in form.fields}
    return {**values, "session_type": first_type}


def cell(response, at):
    tree = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    return tree.find(f".//*[@id='cell-{at}']/*")


def test_a_member_books_and_a_second_member_sees_red(ana, maya, as_maya, as_omar):
    panel = as_maya.get(PANEL)
    form = panel.context["form"]
    data = filled(form)
    assert (data["until"], panel.context["grid"].selected.at) == (
        "10:00 75.00",
        "2026-12-10T09:00",
    )

    answer = as_maya.post("/trainers/ana-ruiz/book/", data, follow=True)

    assert answer.redirect_chain == [("/trainers/ana-ruiz/?day=2026-12-10", 302)]
    booked = "Booked: Thursday 10 December, 09:00 – 10:00 with Ana Ruiz."
    assert booked in answer.content.decode()
    assert "slot--mine" in cell(answer, "2026-12-10T09:00").get("class")
    assert TrainingSession.objects.get().client == maya
    seen = cell(as_omar.get(WEEK), "2026-12-10T09:00")
    assert "slot--booked" in seen.get("class")
    assert seen.get("disabled") is not None


def test_the_same_form_twice_books_once(ana, as_maya):
    form = as_maya.get(PANEL).context["form"]
    data = filled(form)
    for _ in range(2):
        answer = as_maya.post("/trainers/ana-ruiz/book/", data)
        assert answer.status_code == 302
    assert TrainingSession.objects.count() == IdempotencyKey.objects.count() == 1


def test_the_same_form_after_cancelling_does_not_pretend(ana, maya, as_maya):
    data = filled(as_maya.get(PANEL).context["form"])
    as_maya.post("/trainers/ana-ruiz/book/", data)
    cancel_session(maya.sessions.get(), by=maya, now=NOW)

    answer = as_maya.post("/trainers/ana-ruiz/book/", data)

    assert answer.status_code == 409
    assert "You booked this before, and it has changed since" in answer.content.decode()
    assert not TrainingSession.objects.active().exists()


def test_going_back_to_a_booked_panel_says_whose_it_is(ana, maya, as_maya):
    book(maya, ana, THURSDAY, 9, now=NOW)
    page = as_maya.get(PANEL).content.decode()
    assert "This time is yours already" in page
    assert "already booked" not in page


def test_the_hour_that_comes_twice_is_booked_once(ana, as_maya):
    TrainerSchedule.objects.create(trainer=ana, day_of_week=0, time_slot=time(2))
    data = {"at": "2027-10-31T02:00", "session_type": "personal_training"}
    assert as_maya.post("/trainers/ana-ruiz/book/", data).status_code == 302
    data["at"] = "2027-03-28T02:00"
    assert as_maya.post("/trainers/ana-ruiz/book/", data).status_code == 409


def test_a_full_week_points_to_the_next(ana, as_maya):
    ana.slots.update(status="break")
    assert "Nothing is open in this week" in as_maya.get(WEEK).content.decode()


def test_only_green_cells_can_be_clicked(ana, omar, as_maya):
    book(omar, ana, THURSDAY, 9, now=NOW)
    tree = html5lib.parse(as_maya.get(WEEK).content, namespaceHTMLElements=False)
    for button in tree.iterfind(".//td/button"):
        green = "slot--available" in button.get("class")
        assert (button.get("name") == "at") == green
        assert (button.get("disabled") is None) == green


def test_a_click_on_a_time_that_was_just_taken_says_so(ana, omar, as_maya):
    book(omar, ana, THURSDAY, 9, now=NOW)
    answer = as_maya.get(PANEL)
    assert "not available or already booked" in answer.content.decode()
    assert answer.context["grid"].selected is None


@pytest.mark.parametrize("at", ["", "soon", "2026-13-01T09:00"])
def test_a_hand_made_time_is_refused_with_a_sentence(ana, as_maya, at):
    data = {"at": at, "session_type": "personal_training"}
    answer = as_maya.post("/trainers/ana-ruiz/book/", data)
    assert answer.status_code == 422
    assert "Choose a green time in the grid." in answer.content.decode()


def test_a_wrong_field_keeps_the_panel_and_what_was_written(ana, as_maya):
    data = {"at": "2026-12-10T09:00", "session_type": "nap", "notes": "My knee"}
    answer = as_maya.post("/trainers/ana-ruiz/book/", data)
    assert answer.status_code == 422
    assert "My knee" in answer.content.decode()
    assert "nap is not one of the available choices" in answer.content.decode()


class TestLengths:
    """One slot or several in a row, each with its end, its length and its price."""

    def test_as_many_as_are_open_in_a_row_and_four_at_most(self, ana, omar, as_maya):
        book(omar, ana, THURSDAY, 12, now=NOW)
        assert self.choices(as_maya, 10) == [
            "11:00 · 1 h · €75.00",
            "12:00 · 2 h · €150.00",
        ]
        assert self.choices(as_maya, 13)[-1] == "17:00 · 4 h · €300.00"
        assert self.choices(as_maya, 11) == []

    def choices(self, client, hour):
        panel = client.get(f"/trainers/ana-ruiz/?at=2026-12-10T{hour}:00")
        tree = html5lib.parse(panel.content, namespaceHTMLElements=False)
        return [o.text for o in tree.iterfind(".//select[@name='until']/option")]

    def test_the_length_chosen_is_booked_at_the_price_shown(self, ana, maya, as_maya):
        data = filled(as_maya.get(PANEL).context["form"])

        answer = as_maya.post(
            "/trainers/ana-ruiz/book/", {**data, "until": "11:00 150.00"}, follow=True
        )

        session = maya.sessions.get()
        assert (session.end_time, session.price) == (time(11), 150)
        assert "09:00 – 11:00 with Ana Ruiz" in answer.content.decode()
        for hour in (9, 10):
            yours = cell(answer, f"2026-12-10T{hour:02}:00")
            assert (yours.tag, yours.text) == ("a", "Yours")

    def test_until_midnight(self, ana, maya, as_maya):
        TrainerSchedule.objects.create(trainer=ana, day_of_week=4, time_slot=time(23))
        panel = as_maya.get("/trainers/ana-ruiz/?at=2026-12-10T23:00")
        assert "23:00 – 24:00" in panel.content.decode()
        data = filled(panel.context["form"])
        assert data["until"] == "24:00 75.00"

        assert as_maya.post("/trainers/ana-ruiz/book/", data).status_code == 302
        assert maya.sessions.get().price == 75

    def test_slots_of_half_an_hour(self, ana, as_maya):
        ana.session_minutes = 30
        ana.save()
        refresh_schedule(ana.pk)
        assert self.choices(as_maya, 10)[2] == "11:30 · 1 h 30 min · €112.50"

    def test_a_length_with_something_in_between_is_refused(self, ana, omar, as_maya):
        book(omar, ana, THURSDAY, 10, now=NOW)
        data = filled(as_maya.get(PANEL).context["form"])
        data["until"] = "12:00 225.00"
        assert as_maya.post("/trainers/ana-ruiz/book/", data).status_code == 409

    @pytest.mark.parametrize(
        "until", ["later", "25:00 75.00", "10:00 free", "10:00+02:00"]
    )
    def test_a_hand_made_length_is_refused_with_a_sentence(self, ana, as_maya, until):
        data = filled(as_maya.get(PANEL).context["form"])
        answer = as_maya.post("/trainers/ana-ruiz/book/", {**data, "until": until})
        assert answer.status_code == 422
        assert "Choose one of the lengths" in answer.content.decode()

    def test_a_new_price_is_shown_and_asked_for_again(self, ana, maya, as_maya):
        data = filled(as_maya.get(PANEL).context["form"])
        data |= {"until": "11:00 150.00", "notes": "My knee"}
        ana.hourly_rate = 80
        ana.save()

        answer = as_maya.post("/trainers/ana-ruiz/book/", data)

        assert answer.status_code == 409
        page = answer.content.decode()
        assert "The price has changed" in page
        assert "My knee" in page
        again = answer.context["form"]
        assert again["until"].value() == "11:00 160.00"
        assert not maya.sessions.exists()
        data["until"] = again["until"].value()
        assert as_maya.post("/trainers/ana-ruiz/book/", data).status_code == 302
        assert maya.sessions.get().price == 160


class TestOffers:
    """A refusal names three times that would do; one tap books any of them."""

    REFUSED = {
        "at": "2026-12-10T09:00",
        "until": "10:00 75.00",
        "session_type": "consultation",
        "notes": "My knee",
    }

    @pytest.fixture
    def taken(self, ana, omar):
        TrainerFactory(name="Bruno Keller")
        return book(omar, ana, THURSDAY, 9, now=NOW)

    def offers(self, answer):
        tree = html5lib.parse(answer.content, namespaceHTMLElements=False)
        return [
            (
                form.get("action"),
                {i.get("name"): i.get("value") for i in form.iterfind("input")},
                " ".join("".join(form.find("button").itertext()).split()),
            )
            for form in tree.iterfind(".//*[@class='offers']//form")
        ]

    def test_three_are_named_in_the_panels_place(self, taken, as_maya):
        answer = as_maya.post("/trainers/ana-ruiz/book/", self.REFUSED)

        assert answer.status_code == 409
        panel = " ".join(part(answer, "panel"))
        assert "not available or already booked" in panel
        assert [text for _, _, text in self.offers(answer)] == [
            "Thu 10 Dec, 08:00 – 09:00 with Ana Ruiz · €75.00 Book",
            "Thu 10 Dec, 10:00 – 11:00 with Ana Ruiz · €75.00 Book",
            "Thu 10 Dec, 09:00 – 10:00 with Bruno Keller · €60.00 Book",
        ]

    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_one_tap_books_it(self, taken, maya, as_maya, number):
        offers = self.offers(as_maya.post("/trainers/ana-ruiz/book/", self.REFUSED))
        url, data, text = offers[number]

        answer = as_maya.post(url, data, follow=True)

        (shown,) = answer.redirect_chain
        assert shown == (url.replace("book/", "?day=2026-12-10"), 302)
        session = maya.sessions.get()
        assert (session.session_type, session.notes) == ("consultation", "My knee")
        assert f"{session.start_time:%H:%M} – " in text
        assert cell(answer, data["at"]).text == "Yours"

    def test_only_the_same_trainers_are_swapped_in(self, taken, as_maya):
        page = as_maya.get(PANEL)
        tree = html5lib.parse(page.content, namespaceHTMLElements=False)
        forms = tree.findall(".//*[@class='offers']//form")
        assert [form.get("hx-post") for form in forms] == [
            "/trainers/ana-ruiz/book/",
            "/trainers/ana-ruiz/book/",
            None,
        ]

    def test_a_visitor_is_led_to_them(self, taken):
        page = Client().get(PANEL)
        tree = html5lib.parse(page.content, namespaceHTMLElements=False)
        links = [a.get("href") for a in tree.iterfind(".//*[@class='offers']//a")]
        assert links[2] == "/trainers/bruno-keller/?at=2026-12-10T09:00"

    def test_where_nothing_would_do_it_points_to_the_trainers(self, ana, as_maya):
        ana.slots.update(status="break")
        page = as_maya.get(PANEL)
        assert "Selected time slot is not available" in page.content.decode()
        assert "Look at the other trainers" in page.content.decode()

    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            ({"minimum_notice_hours": 24 * 5}, "at least 120 hours ahead"),
            ({"horizon_days": 1}, "until Tuesday 8 December"),
        ],
    )
    def test_a_rule_is_named_too(self, ana, as_maya, rule, sentence):
        be_easy_going(**rule)
        assert sentence in " ".join(part(as_maya.get(PANEL), "panel"))


class TestTheDayOfAPhone:
    def shown(self, client, query):
        page = client.get(f"/trainers/ana-ruiz/{query}")
        tree = html5lib.parse(page.content, namespaceHTMLElements=False)
        title = tree.find(".//*[@id='day-title']")
        (current,) = tree.iterfind(".//*[@class='strip']/a[@aria-current]")
        assert current.find("strong").text in title.text
        return title.text.strip()

    def test_it_is_today_or_the_first_with_a_free_time(self, ana, as_maya):
        assert self.shown(as_maya, "") == "Monday 7 December"
        ana.slots.filter(day_of_week__in=[1, 2]).update(status="break")
        assert self.shown(as_maya, "") == "Wednesday 9 December"
        ana.slots.update(status="break")
        assert self.shown(as_maya, "") == "Monday 7 December"
        assert self.shown(as_maya, "?week=2026-12-17") == "Monday 14 December"

    def test_it_is_the_one_asked_for(self, ana, as_maya):
        assert self.shown(as_maya, "?day=2026-12-10") == "Thursday 10 December"
        assert self.shown(as_maya, "?at=2026-12-10T09:00") == "Thursday 10 December"
        strange = "?week=2026-12-07&day=soon"
        assert self.shown(as_maya, strange) == "Monday 7 December"

    def test_days_are_turned_across_the_weeks(self, ana, as_maya):
        page = as_maya.get("/trainers/ana-ruiz/?day=2026-12-13").content.decode()
        for link, day in [("day-previous", "2026-12-12"), ("day-next", "2026-12-14")]:
            address = f'href="/trainers/ana-ruiz/?day={day}"'
            assert f'id="{link}" class="button days__turn" {address}' in page

    def test_the_counts_are_the_green_cells(self, ana, omar, as_maya):
        ana.slots.filter(time_slot=time(13)).update(status="break")
        book(omar, ana, THURSDAY, 9, now=NOW, hours=2)
        page = as_maya.get(DAY)
        tree = html5lib.parse(page.content, namespaceHTMLElements=False)

        green = [0] * 7
        for row in tree.iterfind(".//table[@class='grid']/tbody/tr"):
            for n, td in enumerate(row.findall("td")):
                green[n] += td.find("button[@name='at']") is not None
        heads = [
            th.findall("span")[1].text
            for th in tree.iterfind(".//thead/tr/th")
            if th.find("strong") is not None
        ]
        strip = [
            a.find("span/span").text for a in tree.iterfind(".//*[@class='strip']/a")
        ]
        lists = [
            len(tree.findall(f".//ul[@aria-labelledby='open-{n}']/li"))
            for n in range(1, 8)
        ]
        shown = len(tree.findall(".//*[@class='days']//button[@name='at']"))
        assert green == lists == [int(count) for count in strip]
        assert heads == [f"{count} open" for count in green]
        assert (shown, sum(green)) == (green[3], 77)


@pytest.mark.parametrize(
    "query",
    ["?week=x", "?week=0001-01-01", "?week=9999-12-31", "?at=soon", "?day=0001-01-01"],
)
def test_a_strange_week_is_no_error(ana, as_maya, query):
    assert as_maya.get(f"/trainers/ana-ruiz/{query}").status_code == 200


class TestFragments:
    """What htmx swaps in equals what a fresh page shows."""

    @pytest.mark.parametrize(
        "url", [WEEK, DAY, PANEL, "/trainers/ana-ruiz/?week=2026-12-14"]
    )
    def test_a_swap_equals_a_fresh_page(self, ana, as_maya, url):
        swapped = as_maya.get(url, headers=HTMX)
        assert b"<html" not in swapped.content
        assert part(swapped, "week") == part(as_maya.get(url), "week")
        assert "HX-Request" in swapped["Vary"]

    def test_booking_equals_the_page_it_names(self, ana, as_maya):
        data = {"at": "2026-12-10T09:00", "session_type": "personal_training"}
        answer = as_maya.post("/trainers/ana-ruiz/book/", data, headers=HTMX)

        assert answer.status_code == 200
        assert answer["HX-Push-Url"] == DAY
        assert part(answer, "week") == part(as_maya.get(DAY), "week")
        assert "Booked:" in " ".join(part(answer, "messages"))

    def test_a_refusal_shows_the_truth(self, ana, omar, as_maya):
        book(omar, ana, THURSDAY, 9, now=NOW)
        data = {"at": "2026-12-10T09:00", "session_type": "personal_training"}
        answer = as_maya.post("/trainers/ana-ruiz/book/", data, headers=HTMX)

        assert answer.status_code == 409
        assert "slot--booked" in cell(answer, "2026-12-10T09:00").get("class")
        plain = as_maya.post("/trainers/ana-ruiz/book/", data)
        assert part(answer, "week") == part(plain, "week")
        closed = part(as_maya.get(DAY), "week-card")
        assert part(answer, "week-card") == closed

    def test_a_click_that_comes_too_late_equals_its_page(self, ana, omar, as_maya):
        book(omar, ana, THURSDAY, 9, now=NOW)
        swapped = as_maya.get(PANEL, headers=HTMX)
        assert part(swapped, "week") == part(as_maya.get(PANEL), "week")

    def test_an_expired_session_leads_to_sign_in_as_a_whole_page(self, ana):
        headers = {**HTMX, "HX-Current-URL": "http://testserver" + PANEL}
        answer = Client().post("/trainers/ana-ruiz/book/", {}, headers=headers)
        assert answer["HX-Redirect"].startswith("/accounts/login/?next=%2Ftrainers%2F")

    def test_not_to_another_site_though(self, ana):
        headers = {**HTMX, "HX-Current-URL": "https://evil.example/trap"}
        answer = Client().post("/trainers/ana-ruiz/book/", {}, headers=headers)
        assert answer["HX-Redirect"] == "/accounts/login/?next=%2F"


def test_a_visitor_who_clicks_green_is_back_at_it_after_signing_in(ana, maya):
    browser = Client()
    panel = browser.get(PANEL).content.decode()
    assert "Sign in to book" in panel
    back = "/trainers/ana-ruiz/?week=2026-12-07&at=2026-12-10T09:00"

    answer = browser.post(
        "/accounts/login/", {"login": maya.email, "password": PASSWORD, "next": back}
    )

    assert answer.url == back
    assert "Book this session" in browser.get(back).content.decode()


def test_an_unknown_or_inactive_trainer_is_not_found(ana, as_maya):
    assert as_maya.get("/trainers/nobody/").status_code == 404
    ana.is_active = False
    ana.save()
    assert as_maya.get("/trainers/ana-ruiz/").status_code == 404


def test_an_empty_gym_says_so(db):
    for url in ("/", "/trainers/"):
        assert "No trainers yet" in Client().get(url).content.decode()


class TestMySessions:
    def test_they_are_mine_alone(self, ana, maya, omar, as_maya):
        book(maya, ana, THURSDAY, 9, now=NOW)
        book(omar, ana, THURSDAY, 10, now=NOW)
        page = as_maya.get("/sessions/").content.decode()
        assert "Thursday 10 December" in page
        assert "09:00 – 10:00" in page
        assert "10:00 – 11:00" not in page

    def test_they_need_sign_in(self, db):
        assert Client().get("/sessions/").url == "/accounts/login/?next=/sessions/"

    def test_cancelling_asks_first_and_frees_the_time(self, ana, maya, as_maya):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        url = f"/sessions/{session.pk}/cancel/"
        assert "Cancel this session?" in as_maya.get(url).content.decode()
        session.refresh_from_db()
        assert session.is_active

        page = as_maya.post(url, follow=True).content.decode()

        assert "Cancelled: Thursday 10 December, 09:00 with Ana Ruiz" in page
        session.refresh_from_db()
        assert session.status == "cancelled"

    def test_cancelling_twice_or_too_late_is_said(self, ana, maya, as_maya):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        url = f"/sessions/{session.pk}/cancel/"
        with time_machine.travel(NOW.replace(day=10, hour=9), tick=False):
            as_maya.force_login(maya, "django.contrib.auth.backends.ModelBackend")
            late = as_maya.post(url)
        assert late.status_code == 409
        assert "already started" in late.content.decode()
        cancel_session(session, by=maya, now=NOW)
        again = as_maya.post(url, follow=True)
        assert "was cancelled already" in again.content.decode()

    def test_nobody_cancels_what_is_not_theirs(self, ana, maya, as_omar):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        assert as_omar.post(f"/sessions/{session.pk}/cancel/").status_code == 404

    def test_a_page_with_many_takes_as_few_queries(
        self, ana, maya, as_maya, django_assert_num_queries
    ):
        sessions = [book(maya, ana, THURSDAY, hour, now=NOW) for hour in range(7, 13)]
        for session in sessions[:3]:
            cancel_session(session, by=maya, now=NOW - timedelta(hours=1))
        with django_assert_num_queries(7):
            as_maya.get("/sessions/")


@pytest.mark.parametrize("url", ["/trainers/ana-ruiz/book/", "/sessions/1/cancel/"])
def test_a_post_without_the_csrf_token_is_refused_kindly(ana, maya, url):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(maya, "django.contrib.auth.backends.ModelBackend")
    answer = browser.post(url)
    assert answer.status_code == 403
    assert "That took too long" in answer.content.decode()


def test_names_and_notes_are_escaped(as_maya, as_frieda, maya):
    trainer = TrainerFactory(
        name="<img src=x>", specialisation="<script>alert(1)</script>"
    )
    for url in ("/", "/trainers/", trainer.get_absolute_url()):
        page = as_maya.get(url).content.decode()
        assert "<img src=x>" not in page
        assert "<script>alert" not in page
