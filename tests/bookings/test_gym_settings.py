"""What the gym says of itself: read once, checked, shown, and who changed it."""

import json
import threading

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.gym import (
    GymSettings,
    GymSettingsChange,
    gym_name,
    gym_settings,
    reading_once,
)
from tests.conftest import THURSDAY
from trainers.wording import money, rate

pytestmark = pytest.mark.django_db

WEEK = f"/trainers/ana-ruiz/?week={THURSDAY}"
CHANGE = "/admin/bookings/gymsettings/1/change/"


def say(**fields):
    """As a shell would."""
    gym = GymSettings.objects.get()
    for field, value in fields.items():
        setattr(gym, field, value)
    gym.save()


def tidied(**fields):
    """As the admin's form does before it saves."""
    gym = GymSettings.objects.get()
    for field, value in fields.items():
        setattr(gym, field, value)
    gym.full_clean()
    return gym


def settings_read(queries):
    return sum('FROM "gym_settings"' in query["sql"] for query in queries)


class TestReading:
    @pytest.mark.parametrize("page", ["/", "/trainers/", WEEK, "/day/", "/sessions/"])
    def test_once_a_request(self, monday_morning, ana, as_maya, page):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert as_maya.get(page).status_code == 200
        assert settings_read(queries) == 1

    def test_each_request_anew(self, ana, as_maya):
        for name in ("Iron Hall", "Steel Hall"):
            GymSettings.objects.update(name=name)
            assert name in as_maya.get(WEEK).content.decode()

    def test_outside_a_request_always_anew(self):
        for name in ("Iron Hall", "Steel Hall"):
            GymSettings.objects.update(name=name)
            assert gym_name() == name

    def test_one_unit_of_work_goes_by_one_reading(self):
        with reading_once():
            before = gym_settings().most_upcoming
            GymSettings.objects.update(most_upcoming=3)
            assert gym_settings().most_upcoming == before
        assert gym_settings().most_upcoming == 3

    def test_but_sees_what_it_saves_itself(self):
        with reading_once():
            gym_settings()
            say(name="Iron Hall")
            assert gym_name() == "Iron Hall"
            GymSettings.objects.all().delete()
            assert gym_name() == "FinovaFitness"


@pytest.mark.django_db(transaction=True)
def test_what_another_connection_changes_holds_for_the_next_request(ana, client):
    def somebody_else():
        try:
            GymSettings.objects.update(name="Iron Hall", currency="CHF")
        finally:
            connection.close()

    assert "€75" in client.get("/trainers/").content.decode()
    other = threading.Thread(target=somebody_else)
    other.start()
    other.join()
    page = client.get("/trainers/").content.decode()
    assert "Iron Hall" in page
    assert "CHF" in page
    assert "€" not in page


class TestShown:
    def test_the_name_on_pages_in_mails_and_in_the_admin(self, client, maya, as_frieda):
        say(name="Iron & Hall")
        page = client.get("/trainers/").content.decode()
        assert "<title>Trainers · Iron &amp; Hall</title>" in page
        assert "FinovaFitness" not in page
        manifest = json.loads(client.get("/manifest.webmanifest").content)
        assert (manifest["name"], manifest["short_name"]) == ("Iron & Hall",) * 2
        assert "Iron &amp; Hall" in as_frieda.get("/admin/").content.decode()
        client.post("/accounts/password/reset/", {"email": maya.email})
        assert mail.outbox[0].subject == "Choose a new password for Iron & Hall"
        assert "Iron & Hall" in mail.outbox[0].body

    def test_an_empty_name_leaves_the_servers(self, client, settings):
        settings.GYM_NAME = "Grandfather’s gym"
        assert "Grandfather’s gym" in client.get("/trainers/").content.decode()

    def test_the_currency_in_every_price(self, settings):
        settings.CURRENCY = "GBP"
        assert (money(75), rate(75)) == ("£75.00", "£75")
        say(currency="CHF")
        assert (money(75), rate(75)) == ("CHF75.00", "CHF75")

    def test_the_opening_hours_and_the_way_to_the_desk_at_the_foot(self, client):
        say(opening="Monday to Friday 06:00–22:00\nSunday <closed>", contact="030 1")
        page = client.get("/trainers/").content.decode()
        foot = page[page.index("<footer") :]
        assert "<li>Monday to Friday 06:00–22:00</li>" in foot
        assert "<li>Sunday &lt;closed&gt;</li>" in foot
        assert "030 1" in foot

    def test_what_the_gym_does_not_say_has_no_place(self, client):
        page = client.get("/").content.decode()
        assert "foot__opening" not in page
        assert "foot__contact" not in page
        assert "home__welcome" not in page

    def test_the_welcome_on_the_first_page(self, client):
        say(welcome="Come in.\n\nTowels are <b>free</b>.")
        page = client.get("/").content.decode()
        assert "<p>Towels are &lt;b&gt;free&lt;/b&gt;.</p>" in page


class TestChecked:
    @pytest.mark.parametrize("name", ["Iron\nHall", "Iron\x00", "Iron\u202eHall"])
    @pytest.mark.parametrize("field", ["name", "contact"])
    def test_what_no_subject_of_a_mail_can_carry(self, field, name):
        with pytest.raises(ValidationError) as refused:
            tidied(**{field: name})
        assert list(refused.value.message_dict) == [field]

    @pytest.mark.parametrize("code", ["EURO", "EU", "ABC", "DEM", "XXX", "E1R", "€"])
    def test_what_nobody_pays_with(self, code):
        with pytest.raises(ValidationError) as refused:
            tidied(currency=code)
        assert list(refused.value.message_dict) == ["currency"]

    @pytest.mark.parametrize(
        ("typed", "kept"), [("chf", "CHF"), ("", ""), ("EUR", "EUR")]
    )
    def test_a_currency(self, typed, kept):
        assert tidied(currency=typed).currency == kept

    def test_texts_are_tidied(self):
        gym = tidied(
            name=" Iron Hall ",
            opening=" Mon 6–22 \r\n\r\n Sun 8–16",
            welcome="\r\nA\r\nB ",
        )
        assert gym.name == "Iron Hall"
        assert gym.opening == "Mon 6–22\nSun 8–16"
        assert gym.welcome == "A\nB"


class TestHistory:
    def test_who_changed_what_from_what_to_what(self, as_frieda, frieda):
        form = as_frieda.get(CHANGE).context["adminform"].form.initial
        new = {**form, "name": "Iron Hall", "horizon_days": 14}
        assert as_frieda.post(CHANGE, new).status_code == 302
        change = GymSettingsChange.objects.last()
        assert change.actor == frieda
        assert change.before == {"name": "", "horizon_days": 730}
        assert change.after == {"name": "Iron Hall", "horizon_days": 14}
        page = as_frieda.get(CHANGE).content.decode()
        assert "How far ahead: 730 → 14" in page
        assert "Name: (empty) → Iron Hall" in page
        assert "Frieda Desch" in page

    def test_a_shells_saves_too(self):
        say(joining="invitation")
        change = GymSettingsChange.objects.last()
        assert (change.actor, change.before) == (None, {"joining": "open"})

    def test_saving_the_same_again_is_no_change(self):
        say(name="Iron Hall")
        lines = GymSettingsChange.objects.count()
        say(name="Iron Hall")
        assert GymSettingsChange.objects.count() == lines

    def test_an_update_of_one_field_tells_of_no_other(self):
        gym = GymSettings.objects.get()
        gym.name, gym.contact = "Iron Hall", "030 1"
        gym.save(update_fields=["name"])
        assert GymSettingsChange.objects.last().after == {"name": "Iron Hall"}

    def test_what_is_not_saved_has_no_line(self, as_frieda):
        lines = GymSettingsChange.objects.count()
        form = as_frieda.get(CHANGE).context["adminform"].form.initial
        page = as_frieda.post(CHANGE, {**form, "currency": "ABC"}).content.decode()
        assert "No country pays with “ABC” today" in page
        assert GymSettingsChange.objects.count() == lines
