"""The list of trainers, one day of all of them, and the front page: no JavaScript."""

import re
from datetime import time, timedelta

import html5lib
import pytest
import time_machine
from django.test import Client

from bookings.domain.week import build_week
from bookings.models import TrainingSession
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, be_easy_going, book
from trainers.models import DayOfWeek, SlotStatus

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

HTMX = {"HX-Request": "true"}
WEEK = timedelta(weeks=1)


def parsed(response):
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False)


def words(element):
    return " ".join("".join(element.itertext()).split())


def names(response):
    path = ".//*[@class='trainer-card__name']"
    return [words(name) for name in parsed(response).iterfind(path)]


def links(response, css_class="free"):
    path = f".//a[@class='{css_class}']"
    return {words(link): link.get("href") for link in parsed(response).iterfind(path)}


def sentence(response, element_id):
    return words(parsed(response).find(f".//*[@id='{element_id}']"))


@pytest.fixture
def team(ana):
    """Ana from seven, Bruno from nine and cheap, Zoë on Tuesday evenings alone."""
    ana.specialisation = "Strength"
    ana.save()
    bruno = TrainerFactory(name="Bruno Keller", specialisation="Boxing", hourly_rate=40)
    bruno.slots.filter(time_slot__lt=time(9)).delete()
    zoe = TrainerFactory(
        name="Zoë Maß", specialisation="Strength", about="Kettlebells.", hourly_rate=50
    )
    zoe.slots.exclude(day_of_week=DayOfWeek.TUESDAY, time_slot=time(18)).delete()
    return ana, bruno, zoe


def without_token(page):
    """Each answer masks the form's token anew."""
    return re.sub(
        r'(?<=name="csrfmiddlewaretoken" value=")\w+', "", page.content.decode()
    )


class TestList:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["Ana Ruiz", "Bruno Keller", "Zoë Maß"]),
            ("?q=KELLER", ["Bruno Keller"]),
            ("?q=zoe+mass", ["Zoë Maß"]),
            ("?q=strength+kettle", ["Zoë Maß"]),
            ("?q=nobody", []),
            ("?specialisation=Strength", ["Ana Ruiz", "Zoë Maß"]),
            ("?sort=name", ["Ana Ruiz", "Bruno Keller", "Zoë Maß"]),
            ("?sort=price", ["Bruno Keller", "Zoë Maß", "Ana Ruiz"]),
            ("?weekday=2&part=evening", ["Ana Ruiz", "Bruno Keller", "Zoë Maß"]),
            ("?weekday=2&part=morning", ["Ana Ruiz", "Bruno Keller"]),
            ("?weekday=0&specialisation=Boxing", ["Bruno Keller"]),
            # What cannot be read asks for nothing.
            ("?weekday=9&part=noon&sort=luck&specialisation=x", None),
        ],
    )
    def test_who_is_found_and_in_which_order(self, team, query, found):
        everybody = ["Ana Ruiz", "Bruno Keller", "Zoë Maß"]
        page = Client().get(f"/trainers/{query}")
        assert names(page) == (everybody if found is None else found)

    def test_next_free_is_one_tap_from_its_panel(self, team, as_maya):
        page = as_maya.get("/trainers/?weekday=2&part=evening&sort=name")
        free = links(page)
        assert list(free) == [
            "Next free: Tomorrow, 17:00 with Ana Ruiz",
            "Next free: Tomorrow, 17:00 with Bruno Keller",
            "Next free: Tomorrow, 18:00 with Zoë Maß",
        ]
        panel = as_maya.get(free["Next free: Tomorrow, 18:00 with Zoë Maß"])
        assert panel.context["grid"].selected.at == "2026-12-08T18:00"

    def test_who_has_nothing_then_is_counted_with_a_way_out(self, team):
        page = Client().get("/trainers/?weekday=3")
        assert sentence(page, "count") == "2 trainers"
        assert "One more trainer has nothing free then." in sentence(page, "found")
        page = Client().get("/trainers/?weekday=3&q=zoe")
        assert "Nothing free then" in sentence(page, "found")
        assert "Show all trainers" in sentence(page, "found")

    def test_who_has_nothing_at_all_comes_last_with_a_sentence(self, team):
        ana, *_ = team
        ana.slots.update(status=SlotStatus.BREAK)
        page = Client().get("/trainers/")
        assert names(page) == ["Bruno Keller", "Zoë Maß", "Ana Ruiz"]
        assert "Nothing you can book in the coming weeks." in sentence(page, "found")

    def test_nobody_like_that_is_said_kindly(self, team):
        found = sentence(Client().get("/trainers/?q=nobody"), "found")
        assert found.startswith("No trainer like that Try another word")

    def test_the_form_keeps_what_was_chosen(self, team):
        page = Client().get("/trainers/?q=zoe&weekday=2&part=evening&sort=price")
        tree = parsed(page)
        chosen = [o.get("value") for o in tree.iterfind(".//option[@selected]")]
        assert chosen == ["", "2", "evening", "price"]
        assert tree.find(".//input[@name='q']").get("value") == "zoe"
        assert "Evening, from 17:00" in page.content.decode()

    def test_what_htmx_takes_is_the_whole_page(self, team):
        """It selects the list and the count out of it: nothing can differ."""
        url = "/trainers/?weekday=2"
        fresh, swapped = Client().get(url), Client().get(url, headers=HTMX)
        assert without_token(swapped) == without_token(fresh)
        form = parsed(fresh).find(".//form[@role='search']")
        assert (form.get("hx-select"), form.get("hx-target")) == ("#found", "#found")
        count = parsed(fresh).find(".//*[@id='count']")
        assert count.get("role") == "status"

    def test_the_gyms_rules_hold_here_too(self, team, maya, as_maya):
        be_easy_going(minimum_notice_hours=24)
        page = as_maya.get("/trainers/?q=ana")
        assert list(links(page)) == ["Next free: Tomorrow, 07:00 with Ana Ruiz"]

    @pytest.mark.parametrize("count", [1, 30])
    def test_as_many_queries_for_many(self, ana, count, django_assert_num_queries):
        TrainerFactory.create_batch(count)
        with django_assert_num_queries(4):
            assert len(names(Client().get("/trainers/"))) == count + 1


class TestDay:
    def test_a_click_opens_that_trainers_panel(self, team, as_maya):
        page = as_maya.get(f"/day/?day={THURSDAY}")
        button = parsed(page).find(
            ".//*[@aria-label='Thursday 10 December, 09:00 with Bruno Keller: open']"
        )
        panel = as_maya.get(button.get("formaction"), {"at": button.get("value")})
        assert panel.context["grid"].selected.at == "2026-12-10T09:00"
        assert panel.context["trainer"].name == "Bruno Keller"

    def test_only_green_cells_can_be_clicked(self, team, omar, as_maya):
        ana, bruno, _ = team
        book(omar, ana, THURSDAY, 9, now=NOW)
        bruno.slots.filter(time_slot=time(13)).update(status=SlotStatus.BREAK)
        page = as_maya.get(f"/day/?day={THURSDAY}")
        seen = set()
        for button in parsed(page).iterfind(".//td/button"):
            state = button.get("class").rpartition("--")[2]
            seen.add(state)
            assert (button.get("formaction") is not None) == (state == "available")
            assert (button.get("disabled") is None) == (state == "available")
        assert seen == {"available", "booked", "break"}
        assert "Omar" not in page.content.decode()

    def test_the_phones_list_has_the_same_open_times(self, team):
        tree = parsed(Client().get(f"/day/?day={THURSDAY}"))

        def asked_for(path):
            buttons = tree.iterfind(f"{path}/button[@formaction]")
            return [(b.get("formaction"), b.get("value")) for b in buttons]

        assert asked_for(".//li") == asked_for(".//td") != []

    def test_filters_and_turning_keep_each_other(self, team):
        page = Client().get(f"/day/?day={THURSDAY}&specialisation=Boxing&part=evening")
        tree = parsed(page)
        heads = [words(head) for head in tree.iterfind(".//thead//a")]
        assert heads == ["Bruno Keller"]
        following = tree.find(".//a[@id='turn-next']").get("href")
        assert following == ("/day/?day=2026-12-11&specialisation=Boxing&part=evening")

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("?day=2026-12-06", "This day is over"),
            ("?specialisation=Boxing&part=morning&day=2026-12-06", "This day is over"),
            ("?day=0001-01-01", "This day is over"),
            ("?day=9999-12-31&part=evening", "Sunday 5 January"),
            ("?day=soon", "Monday 7 December"),
            ("", "Monday 7 December"),
        ],
    )
    def test_every_day_has_an_answer(self, team, query, said):
        assert said in sentence(Client().get(f"/day/{query}"), "day")

    @pytest.mark.parametrize(
        ("hour", "query", "said"),
        [
            (18, "", "Monday 7 December"),
            (18, "?part=morning", "Tuesday 8 December"),
            (21, "", "Tuesday 8 December"),
            (21, f"?day={MONDAY}", "Nothing more today"),
        ],
    )
    def test_at_night_it_opens_on_tomorrow(self, team, hour, query, said):
        with time_machine.travel(NOW.replace(hour=hour), tick=False):
            page = Client().get(f"/day/{query}")
        assert said in sentence(page, "day")

    def test_a_day_on_which_all_is_taken_is_no_day_to_open_on(self, ana, maya, omar):
        ana.slots.exclude(time_slot=time(9)).delete()
        book(omar, ana, MONDAY, 9, now=NOW)
        assert Client().get("/day/").context["grid"].day == MONDAY + timedelta(days=1)

    def test_ones_own_session_leads_to_itself_as_in_the_week(self, ana, maya, as_maya):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        for page in (f"/day/?day={THURSDAY}", f"/trainers/ana-ruiz/?week={THURSDAY}"):
            (mine,) = parsed(as_maya.get(page)).iterfind(".//td/a")
            assert mine.get("href") == f"/sessions/{session.pk}/"

    @pytest.mark.parametrize("count", [1, 30])
    def test_as_many_queries_for_many(self, ana, count, django_assert_num_queries):
        TrainerFactory.create_batch(count)
        with django_assert_num_queries(4):
            Client().get(f"/day/?day={THURSDAY}")
        with django_assert_num_queries(6):
            Client().get("/day/")


class TestHundredsOfTrainers:
    @pytest.fixture(autouse=True)
    def crowd(self, ana):
        for number in range(40):
            TrainerFactory(name=f"Trainer {number:02}", hourly_rate=100 + number)

    def test_the_list_has_pages_that_keep_what_was_asked(self):
        first = Client().get("/trainers/?sort=price")
        assert (len(names(first)), sentence(first, "count")) == (36, "41 trainers")
        more = links(first, "button")["More trainers →"]
        assert more == "?sort=price&page=2"
        second = Client().get(f"/trainers/{more}")
        assert names(second) == [f"Trainer {number}" for number in range(35, 40)]
        assert links(second, "button")["← Previous trainers"] == "?sort=price&page=1"

    def test_so_has_a_day(self):
        first = Client().get(f"/day/?day={THURSDAY}")
        assert len(first.context["grid"].trainers) == 24
        more = links(first, "button")["More trainers →"]
        second = Client().get(f"/day/{more}")
        assert len(second.context["grid"].trainers) == 17
        assert second.context["grid"].day == THURSDAY

    @pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 100])
    def test_a_strange_page_is_no_error(self, page):
        assert Client().get(f"/trainers/?page={page}").status_code == 200

    def test_home_shows_some_and_says_how_many_more(self):
        page = Client().get("/")
        assert len(names(page)) == 9
        assert links(page, "button")["See 32 more trainers"] == "/trainers/"


class TestTrainersPage:
    def test_first_the_grid_then_who_it_is_and_what_it_costs(self, ana):
        ana.about = "Fifteen years of coaching.\n\nExpect <b>kettlebells</b>."
        ana.save()
        page = Client().get("/trainers/ana-ruiz/").content.decode()
        parts = ["<h1>Ana Ruiz</h1>", 'id="week"', "About Ana Ruiz", "Fifteen years"]
        parts += ["&lt;b&gt;kettlebells", "Rates", "60 min", "€75.00", "120 min"]
        parts += ["€150.00", "Session types", "Personal training", "Consultation"]
        places = [page.find(part) for part in parts]
        assert -1 not in places
        assert places == sorted(places)

    def test_a_trainer_with_nothing_to_say(self, ana):
        page = Client().get("/trainers/ana-ruiz/").content.decode()
        assert "Ana Ruiz has written nothing here yet." in page


class TestHome:
    def test_free_soon_is_two_taps_from_booked(self, team, as_maya):
        free = links(as_maya.get("/"))
        assert list(free)[:3] == [
            "Today, 07:00 with Ana Ruiz",
            "Today, 09:00 with Bruno Keller",
            "Tomorrow, 18:00 with Zoë Maß",
        ]
        panel = as_maya.get(free["Today, 07:00 with Ana Ruiz"])
        form = panel.context["form"]
        sent = {name: form[name].value() or "" for name in form.fields}
        sent["session_type"] = form.fields["session_type"].choices[0][0]
        as_maya.post("/trainers/ana-ruiz/book/", sent)
        assert TrainingSession.objects.get().start_time == time(7)

    def test_a_regular_rebooks_in_two_taps(self, ana, maya):
        book(maya, ana, THURSDAY, 18, now=NOW)
        book(maya, ana, THURSDAY + timedelta(days=8), 9, now=NOW)
        with time_machine.travel(NOW + WEEK, tick=False):
            client = Client()
            client.force_login(maya, "django.contrib.auth.backends.ModelBackend")
            page = client.get("/")
            assert "Friday 18 December, 09:00 – 10:00" in page.content.decode()
            again = links(page)["Thu 17 Dec, 18:00 with Ana Ruiz"]
            panel = client.get(again)
        assert panel.context["grid"].selected.at == "2026-12-17T18:00"

    def test_a_visitor_sees_the_trainers_and_nothing_of_anybody(self, ana, maya):
        book(maya, ana, MONDAY, 9, now=NOW)
        page = Client().get("/")
        assert names(page) == ["Ana Ruiz"]
        assert page.context["grid"].trainer == ana
        for heading in ("Your next session", "Book again"):
            assert heading not in page.content.decode()

    def test_the_featured_week_is_the_trainers(self, ana, maya, as_maya):
        grid = as_maya.get("/").context["grid"]
        assert grid == build_week(ana, grid.week, now=NOW, client_id=maya.pk)

    @pytest.mark.parametrize("count", [1, 30])
    def test_as_many_queries_for_many(
        self, ana, maya, as_maya, count, django_assert_max_num_queries
    ):
        book(maya, ana, MONDAY - WEEK, 9, now=NOW - 2 * WEEK)
        TrainerFactory.create_batch(count)
        with django_assert_max_num_queries(20):
            as_maya.get("/")
