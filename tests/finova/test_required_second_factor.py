"""Who works in the admin needs a second step at sign-in, and cannot lose the last."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.demo import DEMO_DATABASE, TEST_DATABASE, is_for_play, mark_database
from tests.factories import PASSWORD, MemberFactory
from tests.finova.passkey import add_passkey
from tests.finova.test_account_second_factor import code_of, is_in, sign_in, with_app

pytestmark = pytest.mark.django_db

LIST = "/admin/bookings/trainingsession/?status__exact=scheduled"


@pytest.fixture(autouse=True)
def required(settings):
    settings.SECOND_FACTOR_FOR_STAFF = True
    is_for_play.cache_clear()
    yield
    is_for_play.cache_clear()


@pytest.fixture
def desk(db):
    person = MemberFactory(name="Frieda Desch")
    person.groups.add(Group.objects.get(name="Front desk"))
    return person


def signed_in(person):
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


class TestWithoutOne:
    @pytest.mark.parametrize("who", ["desk", "frieda"])
    @pytest.mark.parametrize(
        "page", ["/admin/", LIST, "/admin/today/", "/admin/nowhere/"]
    )
    def test_the_admin_is_closed(self, request, who, page):
        client = signed_in(request.getfixturevalue(who))
        assert client.get(page).url == "/accounts/2fa/"
        assert client.post(page).url == "/accounts/2fa/"

    def test_the_page_that_follows_says_why_and_what_to_do(self, desk):
        page = signed_in(desk).get("/admin/", follow=True).content.decode()
        assert "your password alone is not enough" in page
        assert "Set up an app" in page

    def test_from_a_fragment_the_whole_page_goes_there(self, desk):
        answer = signed_in(desk).get("/admin/", headers={"HX-Request": "true"})
        assert answer["HX-Redirect"] == "/accounts/2fa/"

    @pytest.mark.parametrize(
        "page", ["/", "/sessions/", "/account/", "/accounts/email/", "/accounts/2fa/"]
    )
    def test_what_is_ones_own_stays_open(self, desk, page):
        assert signed_in(desk).get(page).status_code == 200

    def test_one_can_sign_out(self, desk):
        client = signed_in(desk)
        client.get("/admin/")
        assert client.post("/admin/logout/").status_code == 200
        assert not is_in(client)

    def test_recovery_codes_alone_are_none(self, desk):
        Authenticator.objects.create(
            user=desk, type=Authenticator.Type.RECOVERY_CODES, data={}
        )
        assert signed_in(desk).get("/admin/").url == "/accounts/2fa/"

    def test_members_and_trainers_need_none(self, ana, maya, as_maya):
        maya.groups.add(Group.objects.get(name="Trainers"))
        assert as_maya.get("/admin/").url.startswith("/admin/login/")
        page = as_maya.get("/accounts/2fa/").content.decode()
        assert "You need none to book" in page


class TestSettingOneUp:
    def test_leads_on_to_the_page_that_was_wanted(self, desk):
        client, _ = sign_in(desk, next=LIST)
        client.get(LIST)
        page = client.get("/accounts/2fa/").content.decode()
        assert "Go on" not in page
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.get("/accounts/2fa/totp/activate/")
        secret = client.session["mfa.totp.secret"]
        answer = client.post(
            "/accounts/2fa/totp/activate/", {"code": code_of(secret)}, follow=True
        )
        assert answer.redirect_chain[-1][0] == "/accounts/2fa/recovery-codes/"
        onward = f'href="{LIST}">Go on to where you were'
        assert onward in answer.content.decode()
        assert onward in client.get("/accounts/2fa/").content.decode()
        assert client.get(LIST).status_code == 200
        # Once there, nobody is led there again.
        assert "Go on" not in client.get("/accounts/2fa/").content.decode()

    def test_after_a_form_it_leads_to_the_first_page(self, desk):
        client = signed_in(desk)
        client.post("/admin/bookings/trainingsession/add/", {"notes": "x"})
        add_passkey(desk)
        page = client.get("/accounts/2fa/").content.decode()
        assert 'href="/admin/">Go on to where you were' in page

    def test_a_passkey_opens_the_admin_too(self, desk):
        add_passkey(desk)
        assert signed_in(desk).get("/admin/").status_code == 200


class TestTheLastOne:
    def test_an_app_cannot_be_switched_off(self, desk):
        client, _ = with_app(desk)
        page = client.get("/accounts/2fa/totp/deactivate/").content.decode()
        assert "this is your last one" in page
        assert "Switch it off</button>" not in page
        answer = client.post("/accounts/2fa/totp/deactivate/")
        assert answer.status_code == 409
        assert "this is your last one" in answer.content.decode()
        assert Authenticator.objects.filter(type="totp").exists()

    def test_a_passkey_cannot_be_removed(self, desk):
        client, _ = with_app(desk)
        first = add_passkey(desk)
        url = f"/accounts/2fa/webauthn/keys/{first.pk}/remove/"
        assert "last one" not in client.get(url).content.decode()
        assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
        page = client.get(url).content.decode()
        assert "this is your last one" in page
        assert "Remove the passkey" not in page
        answer = client.post(url)
        assert answer.status_code == 409
        assert "this is your last one" in answer.content.decode()
        add_passkey(desk)
        assert client.post(url).status_code == 302
        assert not Authenticator.objects.filter(pk=first.pk).exists()

    def test_a_member_may(self, maya):
        client, _ = with_app(maya)
        assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
        assert not Authenticator.objects.exists()


class TestWhere:
    """Production always; elsewhere as the setting says, or else the database."""

    @pytest.mark.parametrize(
        ("mark", "opens"), [(DEMO_DATABASE, True), (TEST_DATABASE, True), ("", False)]
    )
    def test_a_database_to_be_played_with_asks_for_none(
        self, desk, settings, mark, opens
    ):
        settings.SECOND_FACTOR_FOR_STAFF = None
        mark_database(mark)
        status = 200 if opens else 302
        assert signed_in(desk).get("/admin/").status_code == status

    def test_the_setting_says_otherwise(self, desk, settings):
        mark_database("")
        settings.SECOND_FACTOR_FOR_STAFF = False
        assert signed_in(desk).get("/admin/").status_code == 200
        mark_database(DEMO_DATABASE)
        settings.SECOND_FACTOR_FOR_STAFF = True
        assert signed_in(desk).get("/admin/").status_code == 302

    @pytest.mark.parametrize("said", ["", "false", "true"])
    def test_production_does_not_ask_the_environment(self, monkeypatch, said):
        import importlib

        import finova.settings

        complete = {
            "FINOVA_ENV": "production",
            "SECRET_KEY": "s" * 64,
            "DATABASE_URL": "postgresql:///finova",
            "ALLOWED_HOSTS": "gym.example",
            "EMAIL_URL": "smtp://localhost",
        }
        with monkeypatch.context() as patch:
            if said:
                patch.setenv("SECOND_FACTOR_FOR_STAFF", said)
            for name, value in complete.items():
                patch.setenv(name, value)
            assert importlib.reload(finova.settings).SECOND_FACTOR_FOR_STAFF is True
        importlib.reload(finova.settings)


def test_it_asks_one_query_and_only_in_the_admin(desk, settings):
    client = signed_in(desk)
    add_passkey(desk)

    def queries_of(page):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        return len(queries)

    pages = ("/admin/password_change/", "/trainers/")
    asked = [queries_of(page) for page in pages]
    settings.SECOND_FACTOR_FOR_STAFF = False
    assert [queries_of(page) for page in pages] == [asked[0] - 1, asked[1]]


class TestReset:
    def test_the_command_takes_everything_away_and_logs_it(self, frieda, caplog):
        with_app(frieda)
        add_passkey(frieda)
        call_command("reset_second_factor", frieda.email.upper())
        assert not Authenticator.objects.exists()
        (line,) = (line for line in caplog.records if "second factor" in line.message)
        assert (line.levelname, str(frieda.pk) in line.message) == ("WARNING", True)
        assert frieda.email not in line.message
        client, _ = sign_in(frieda)
        assert client.get("/admin/").url == "/accounts/2fa/"

    def test_nobody_is_somebody_else(self, frieda, maya):
        add_passkey(maya)
        with pytest.raises(CommandError, match="Nobody has the email"):
            call_command("reset_second_factor", "nobody@example.com")
        with pytest.raises(CommandError, match="has no second factor"):
            call_command("reset_second_factor", frieda.email)
        assert Authenticator.objects.get().user == maya
