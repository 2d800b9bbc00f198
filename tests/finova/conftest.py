"""A gym whose every address can be asked by every role."""

import json
from datetime import date, time, timedelta
from functools import cache
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import html5lib
import pytest
import time_machine
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from PIL import Image

from bookings.domain.booking import complete_session
from bookings.domain.offers import offer_alternatives
from bookings.feeds import CalendarFeed, CalendarFeedKind
from finova.accounts.addresses import prove
from finova.accounts.models import ApiToken
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import PASSWORD, MemberFactory, TrainerFactory, be_easy_going, book
from tests.finova.passkey import add_passkey
from trainers.models import Closure, ExtraHours, TimeOff, Trainer
from trainers.photo import keep_photo, read_photo

ROLES = ["visitor", "member", "other", "trainer", "desk", "admin"]
METHODS = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def read_table():
    """What each word answers to METHODS, and each address's word for each of ROLES."""
    text = Path(__file__).with_name("access.txt").read_text()
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    words = {line[1]: line[2:9] for line in lines if line[0] == "@"}
    rows = {
        line[0]: dict(zip(ROLES, line[1:], strict=True))
        for line in lines
        if line[0] != "@"
    }
    return words, rows


WORDS, ROWS = read_table()

# What Maya writes to Ana, and nobody else may read.
NOTE = "sciatica since the ski trip"

# What a forged way back leads to.
ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "https://evil.example/",
    "https:evil.example",
    "http:///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\t//evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "javascript:alert(1)",
    "data:text/html,hello",
]

# --- what a request brings ---------------------------------------------------------

OTHER_FORMS = {
    "/trainers/ana-ruiz/book/": {
        "at": f"{NEXT_THURSDAY}T10:00",
        "session_type": "personal_training",
    },
    "/sessions/{session}/reschedule/": {"at": f"{NEXT_THURSDAY}T10:00"},
    "/sessions/{session}/reschedule/ana-ruiz/": {"at": f"{NEXT_THURSDAY}T10:00"},
    "/sessions/{session}/offer/": {"answer": "accept"},
    "/sessions/{session}/offer/times/": {"at": f"{NEXT_THURSDAY}T10:00"},
    "/offers/{key}/": {"answer": "decline"},
    "/offers/{key}/times/": {"at": f"{NEXT_THURSDAY}T10:00"},
    "/accounts/login/": {"login": "maya@example.com", "password": PASSWORD},
    "/accounts/signup/": {
        "name": "Nadia New",
        "email": "nadia@example.com",
        "password1": PASSWORD,
    },
    "/coach/slots/": {"slot": "1-09:00", "status": "break"},
    "/coach/time-off/": {"first_day": str(NEXT_THURSDAY)},
    "/account/profile/": {"name": "Maya Lind", "phone": "0151 1", "time_display": "12"},
    "/account/tokens/": {"name": "My watch"},
    "/admin/today/": {"do": "complete_early:{session}"},
    "/language/": {"language": "de", "next": "/trainers/"},
    "/accounts/reauthenticate/": {"password": PASSWORD},
    "/accounts/2fa/webauthn/keys/{passkey}/edit/": {"name": "My watch"},
    "/accounts/email/": {"action_add": "", "email": "second@example.com"},
    "/accounts/password/change/": {
        "oldpassword": PASSWORD,
        "password1": "a brand new one",
        "password2": "a brand new one",
    },
    "/accounts/password/reset/": {"email": "maya@example.com"},
}
BOOKING = {
    "session_date": str(NEXT_THURSDAY),
    "start_time": "10:00",
    "end_time": "11:00",
    "session_type": "personal_training",
}
# What is typed into the administrator's forms, beside what they say already.
TYPED = {
    "/admin/auth/group/add/": {"name": "Boxing"},
    "/admin/auth/group/{group}/change/": {"name": "Cycling"},
    "/admin/accounts/user/": {
        "action": "delete_selected",
        "_selected_action": "{omar}",
        "post": "yes",
    },
    "/admin/accounts/user/add/": {"name": "Old Joe"},
    "/admin/accounts/user/{maya}/change/": {"name": "Maya Lindqvist-Berg"},
    "/admin/accounts/user/{frieda}/change/": {"name": "Frieda the First"},
    "/admin/accounts/apitoken/{token}/change/": {"name": "watch"},
    "/admin/trainers/trainer/add/": {
        "name": "Bruno Keller",
        "slug": "bruno-keller",
        "specialisation": "Boxing",
        "hourly_rate": "60",
        "session_minutes": "60",
        "session_types": ["personal_training"],
    },
    "/admin/trainers/trainer/{trainer}/change/": {"hourly_rate": "80"},
    "/admin/trainers/timeoff/": {
        "action": "delete_selected",
        "_selected_action": "{timeoff}",
        "post": "yes",
    },
    "/admin/trainers/timeoff/add/": {
        "trainer": "{trainer}",
        "first_day": "2026-12-30",
        "last_day": "2026-12-31",
    },
    "/admin/trainers/timeoff/{timeoff}/change/": {"notice": "On holiday"},
    "/admin/trainers/timeoff/{timeoff}/affected/{offer}/": {"answer": "accept"},
    "/admin/trainers/closure/": {
        "action": "delete_selected",
        "_selected_action": "{closure}",
        "post": "yes",
    },
    "/admin/trainers/closure/add/": {
        "name": "Boiler broken",
        "first_day": "2026-12-30",
        "last_day": "2026-12-31",
    },
    "/admin/trainers/closure/{closure}/change/": {"name": "Boiler broken"},
    "/admin/trainers/closure/{closure}/affected/{offer}/": {"answer": "accept"},
    "/admin/trainers/extrahours/": {
        "action": "delete_selected",
        "_selected_action": "{extrahours}",
        "post": "yes",
    },
    "/admin/trainers/extrahours/add/": {
        "trainer": "{trainer}",
        "date": "2026-12-30",
        "starts_at": "21:00",
        "ends_at": "22:00",
    },
    "/admin/trainers/extrahours/{extrahours}/change/": {"ends_at": "23:00"},
    "/admin/bookings/trainingsession/add/": {
        "trainer": "{trainer}",
        "client": "{maya}",
        **BOOKING,
    },
    "/admin/bookings/trainingsession/{session}/change/": {
        "session_type": "consultation",
        "price": "60",
        "reason": "A gift.",
    },
    "/admin/bookings/trainingsession/phone/new/": {"name": "Joe", "phone": "0151 1"},
    "/admin/bookings/trainingsession/phone/{maya}/": {
        "trainer": "{trainer}",
        "at": f"{NEXT_THURSDAY}T10:00",
        "session_type": "personal_training",
    },
    "/admin/bookings/trainingsession/{session}/do/": {"step": "confirm"},
    "/admin/bookings/trainingsession/{session}/move/": {"at": f"{NEXT_THURSDAY}T10:00"},
    "/admin/bookings/trainingsession/": {
        "action": "cancel",
        "_selected_action": "{session}",
    },
    "/admin/account/emailaddress/add/": {
        "user": "{maya}",
        "email": "maya.too@example.com",
    },
    "/admin/account/emailaddress/{address}/change/": {"email": "n@example.com"},
    "/admin/password_change/": {
        "old_password": PASSWORD,
        "new_password1": "a brand new one",
        "new_password2": "a brand new one",
    },
}
NEW_PASSWORD = {"password1": "a brand new one", "password2": "a brand new one"}
for person in ("{maya}", "{frieda}"):
    TYPED[f"/admin/accounts/user/{person}/password/"] = NEW_PASSWORD


def filled_in(page):
    """The page's main form with what a browser would send of it."""
    document = html5lib.parse(page.content.decode(), namespaceHTMLElements=False)
    forms = [
        form
        for form in document.iterfind(".//form[@method='post']")
        if form.get("id") != "logout-form"
    ]
    # The admin's own form of a row, where buttons stand above it.
    forms.sort(key=lambda form: not form.get("id", "").endswith("_form"))
    sent = {}
    for form in forms[:1]:
        for field in form.iter():
            if field.tag not in ("input", "select", "textarea"):
                continue
            name, kind = field.get("name"), field.get("type", "text")
            if name in (None, "csrfmiddlewaretoken") or kind in ("submit", "file"):
                continue
            if kind in ("checkbox", "radio") and field.get("checked") is None:
                continue
            if field.tag == "select":
                chosen = field.findall(".//option[@selected]")
                values = [option.get("value", "") for option in chosen]
            else:
                values = [field.get("value") or field.text or ""]
            sent.setdefault(name, []).extend(values)
    return sent


@pytest.fixture(scope="module")
def gym(django_db_setup, django_db_blocker):
    """One gym for all rows: what a request changes is taken back after it."""
    with (
        django_db_blocker.unblock(),
        time_machine.travel(NOW, tick=False),
        transaction.atomic(),
    ):
        yield Gym()
        transaction.set_rollback(True)


class Gym:
    def __init__(self):
        be_easy_going()
        self.people = {
            "member": MemberFactory(name="Maya Lindqvist", email="maya@example.com"),
            "other": MemberFactory(name="Omar Haddad", email="omar@example.com"),
            "trainer": MemberFactory(name="Ana Ruiz", email="ana@example.com"),
            "desk": MemberFactory(name="Frieda Desch", is_staff=True),
            "admin": MemberFactory(name="Adam Nowak", is_staff=True, is_superuser=True),
        }
        for person in self.people.values():
            prove(person)
        Group.objects.get(name="Front desk").user_set.add(self.people["desk"])
        Group.objects.get(name="Trainers").user_set.add(self.people["trainer"])
        self.cookies = {role: self.sign_in(role) for role in self.people}
        maya = self.people["member"]
        ana = TrainerFactory(name="Ana Ruiz", user=self.people["trainer"])
        session = book(maya, ana, THURSDAY, 9, now=NOW, notes=NOTE)
        last_week = NOW - timedelta(days=6)
        past = book(maya, ana, last_week.date(), 9, now=last_week, notes=NOTE)
        marked = book(maya, ana, last_week.date(), 11, now=last_week, notes=NOTE)
        complete_session(marked, by=self.people["desk"], now=NOW)
        in_june = date(2027, 6, 1)
        off = TimeOff.objects.create(trainer=ana, first_day=in_june, last_day=in_june)
        CalendarFeed.objects.renew(self.people["trainer"], CalendarFeedKind.COACH)
        token, _ = ApiToken.objects.issue(maya, name="phone")
        device = UserSession.objects.create(
            user=maya,
            session_key=self.sign_in("member")["sessionid"].value,
            ip="127.0.0.1",
            user_agent="Firefox/1",
        )
        joining = MemberFactory(email="nora@example.com")
        address = EmailAddress.objects.create(
            user=joining, email=joining.email, primary=True
        )
        offered = offered_instead(session, self.people["admin"])
        LogEntry.objects.create(
            user=self.people["admin"],
            content_type=ContentType.objects.get_for_model(Trainer),
            object_id=ana.pk,
            object_repr="Ana Ruiz",
            action_flag=CHANGE,
        )
        self.names = {
            "session": session.pk,
            "past": past.pk,
            "marked": marked.pk,
            "off": off.pk,
            "event": session.events.get().pk,
            "trainer": ana.pk,
            "key": offered.token,
            **away_with_a_session_left(ana, self.people["admin"]),
            "type": ContentType.objects.get_for_model(Trainer).pk,
            "group": Group.objects.create(name="Spinning").pk,
            "token": token.pk,
            "feed": CalendarFeed.objects.renew(maya),
            "device": device.pk,
            "passkey": add_passkey(maya).pk,
            "photo": photo_of(ana),
            "address": address.pk,
            "maya": maya.pk,
            "omar": self.people["other"].pk,
            "frieda": self.people["desk"].pk,
            "day": THURSDAY,
            "clients": "app_label=bookings&model_name=trainingsession"
            "&field_name=client&term=",
            "confirm_key": EmailConfirmationHMAC.create(address).key,
            "reset_key": f"{user_pk_to_url_str(maya)}-"
            f"{default_token_generator.make_token(maya)}",
        }

        self.client = Client(raise_request_exception=False)
        self.digest = digest()
        self.forms = {path: self.form_for(path) for path in ROWS}

    def sign_in(self, role):
        client = Client()
        client.force_login(
            self.people[role], backend="django.contrib.auth.backends.ModelBackend"
        )
        # As who has just typed the password again: nothing is left to refuse but who.
        session = client.session
        shown = {"method": "password", "at": NOW.timestamp(), "reauthenticated": True}
        session["account_authentication_methods"] = [shown]
        session["account_authentication_methods_user"] = str(self.people[role].pk)
        session.save()
        return client.cookies

    def as_role(self, role):
        """The client with that role's session, and nothing of an earlier request."""
        self.client.cookies = SimpleCookie()
        for name, cookie in self.cookies.get(role, {}).items():
            self.client.cookies[name] = cookie.value
        return self.client

    def named(self, value):
        if isinstance(value, dict):
            return {name: self.named(each) for name, each in value.items()}
        return value.format_map(self.names) if isinstance(value, str) else value

    def form_for(self, path):
        """What to send to that address for it to do its work."""
        if path in OTHER_FORMS:
            return self.named(OTHER_FORMS[path])
        if path.startswith("/api/"):
            return {"trainer_id": self.names["trainer"], **BOOKING}
        if not path.startswith("/admin/"):
            return {}
        page = self.as_role("admin").get(self.named(path))
        is_page = page.status_code == 200 and not page.streaming
        form = filled_in(page) if is_page else {}
        return form | self.named(TYPED.get(path, {}))

    def request(self, role, method, path, **headers):
        return self.send(self.as_role(role), method, path, **headers)

    def send(self, client, method, path, **headers):
        send = getattr(client, method.lower())
        if method in ("GET", "HEAD"):
            return send(self.named(path), headers=headers)
        form, kind = self.forms[path], "application/x-www-form-urlencoded"
        body = urlencode(form, doseq=True)
        if path.startswith("/api/"):
            body, kind = json.dumps(form), "application/json"
        return send(self.named(path), body, kind, headers=headers)


def offered_instead(session, by):
    """Another time for the session, as if it could not be."""
    until = NOW + timedelta(hours=24)
    (made,) = offer_alternatives([session], by=by, now=NOW, until=until)
    return made


def away_with_a_session_left(trainer, by):
    """A time off and a closure, each with a session that nobody has offered another
    time and one with an offer, and extra hours."""
    nina = MemberFactory(name="Nina Braun", email="nina@example.com")
    days = [date(2026, 12, day) for day in (21, 22, 23)]
    for day in days:
        session = book(nina, trainer, day, 9, now=NOW, notes=NOTE)
    rows = {
        "timeoff": TimeOff(trainer=trainer, first_day=days[0], last_day=days[2]),
        "closure": Closure(name="Moving house", first_day=days[1], last_day=days[2]),
        "extrahours": ExtraHours(
            trainer=trainer, date=days[1], starts_at=time(21), ends_at=time(22)
        ),
    }
    for row in rows.values():
        row.save()
    offered = offered_instead(session, by)
    return {"offer": offered.offer.pk, **{name: row.pk for name, row in rows.items()}}


def photo_of(trainer):
    """A picture of two colours, and its name."""
    upload = BytesIO()
    Image.linear_gradient("L").save(upload, "PNG")
    upload.seek(0)
    keep_photo(trainer, read_photo(upload))
    return trainer.photo_digest


def digest():
    """Every table but those of sessions, and of how often somebody tried."""
    with connection.cursor() as cursor:
        cursor.execute(digest_sql())
        return dict(cursor.fetchall())


@cache
def digest_sql():
    passing = {"cache", "django_migrations", "django_session"}
    tables = set(connection.introspection.table_names()) - passing
    return " UNION ALL ".join(
        f"SELECT '{table}', md5(string_agg(t::text, '|' ORDER BY t::text))"
        f" FROM {table} t"
        for table in sorted(tables)
    )
