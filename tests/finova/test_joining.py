"""Who may join: everybody, whom staff approve, or whom they invite."""

import re

import pytest
from django.core import mail
from django.test import Client

from bookings.gym import GymSettings, Joining
from finova.accounts.joining import approve, invite
from finova.accounts.models import User
from tests.factories import PASSWORD, MemberFactory
from tests.finova.test_account_mails import NoPost as NoPost
from tests.finova.test_enumeration import shown

pytestmark = pytest.mark.django_db

SITE = "https://gym.example"
NORA = {"name": "Nora Novak", "email": "nora@example.com", "password1": PASSWORD}


def let_join(joining, **more):
    GymSettings.objects.update(joining=joining, **more)


def guest(email="nora@example.com", **more):
    """A person as the front desk adds them: without a password."""
    nora = MemberFactory(name="Nora Novak", email=email, **more)
    nora.set_unusable_password()
    nora.save()
    return nora


def link_in(letter, site=SITE):
    return re.search(rf"{site}(/\S+)", letter.body)[1]


class TestApproval:
    def test_who_signs_up_waits(self, client):
        let_join(Joining.APPROVAL)
        page = client.get("/accounts/signup/").content.decode()
        assert "approves new members" in page
        client.post("/accounts/signup/", NORA)
        (letter,) = mail.outbox
        assert "when it is approved" in letter.body
        link = re.search(r"(/accounts/confirm-email/\S+)", letter.body)[1]
        client.post(link)
        page = client.get("/sessions/").content.decode()
        assert "waits for the gym’s approval" in page
        assert User.objects.get().awaits_approval

    def test_where_the_gym_is_open_nobody_waits(self, client):
        page = client.get("/accounts/signup/").content.decode()
        assert "approves new members" not in page
        client.post("/accounts/signup/", NORA)
        assert not User.objects.get().awaits_approval

    def test_it_tells_nobody_who_has_an_account(self, maya):
        let_join(Joining.APPROVAL)

        def join(email):
            form = {**NORA, "email": email}
            return Client().post("/accounts/signup/", form, follow=True)

        known, new = "maya@example.com", "nobody@example.com"
        assert shown(join(known), known) == shown(join(new), new)
        maya.refresh_from_db()
        assert not maya.awaits_approval

    def test_the_approved_are_written_to_once_in_their_language(self, maya):
        waiting = guest(awaits_approval=True, language="de")
        letters = approve([waiting, maya], site=SITE)
        assert (letters.sent, letters.passed_by) == ([waiting], [maya])
        waiting.refresh_from_db()
        assert not waiting.awaits_approval
        (letter,) = mail.outbox
        assert letter.to == ["nora@example.com"]
        assert link_in(letter) == "/trainers/"
        assert letter.body.startswith("Hallo!")
        assert approve([waiting], site=SITE).passed_by == [waiting]

    def test_it_is_the_gyms_own_name_that_they_read(self):
        GymSettings.objects.update(name="Gym Example")
        invite([guest()], site=SITE)
        assert mail.outbox[0].subject == "Your account at Gym Example"
        assert mail.outbox[0].body.endswith("Gym Example")

    def test_a_mail_that_cannot_leave_does_not_take_it_back(self, settings):
        settings.EMAIL_BACKEND = f"{__name__}.NoPost"
        waiting = guest(awaits_approval=True)
        assert approve([waiting], site=SITE).not_sent == [waiting]
        waiting.refresh_from_db()
        assert not waiting.awaits_approval


class TestInvitation:
    def test_the_page_says_how_to_get_in_and_has_no_form(self, client):
        let_join(Joining.INVITATION, contact="030 123456")
        page = client.get("/accounts/signup/")
        assert page.status_code == 200
        assert "Ask the front desk (030 123456)" in page.content.decode()
        assert "password1" not in page.content.decode()

    def test_a_hand_made_sign_up_is_refused(self, client):
        let_join(Joining.INVITATION)
        assert client.post("/accounts/signup/", NORA).status_code == 403
        assert not User.objects.exists()
        assert not mail.outbox

    def test_nobody_is_sent_to_a_closed_door(self, client):
        let_join(Joining.INVITATION)
        client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
        (letter,) = mail.outbox
        assert "join by invitation" in letter.body
        assert "/signup/" not in letter.body

    @pytest.mark.parametrize("joining", Joining)
    def test_the_invited_choose_a_password_and_are_in(self, client, joining):
        let_join(joining)
        nora = guest()
        assert invite([nora], site=SITE).sent == [nora]
        form = client.get(link_in(mail.outbox[0]), follow=True)
        assert "Welcome! Choose a password" in form.content.decode()
        new = {"password1": "a brand new one", "password2": "a brand new one"}
        client.post(form.redirect_chain[-1][0], new)
        assert client.get("/sessions/").status_code == 200
        again = Client()
        sign_in = {"login": nora.email, "password": "a brand new one"}
        assert again.post("/accounts/login/", sign_in).url == "/"
        gone = Client().get(link_in(mail.outbox[0]), follow=True)
        assert "This link no longer works" in gone.content.decode()

    def test_the_link_ends(self, client, time_machine):
        time_machine.move_to("2026-12-07 06:00Z")
        invite([guest()], site=SITE)
        time_machine.move_to("2026-12-10 06:01Z")
        gone = client.get(link_in(mail.outbox[0]), follow=True)
        assert "This link no longer works" in gone.content.decode()

    def test_who_has_a_password_no_address_or_no_account_is_passed_by(self, maya):
        nobody = [maya, guest(email=None), guest(is_active=False)]
        letters = invite(nobody, site=SITE)
        assert (letters.sent, letters.passed_by) == ([], nobody)
        assert not mail.outbox
