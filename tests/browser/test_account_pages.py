"""The account's rooms in light and dark, wide and narrow: nothing for axe to say."""

import pytest

from finova.accounts.models import ApiToken
from tests.browser.test_every_page import violations
from tests.factories import PASSWORD
from tests.finova.passkey import add_passkey

OPEN = ["", "profile/", "tokens/"]
ALLAUTH = ["sessions/", "password/change/", "reauthenticate/", "email/", "logout/"]
SECOND = [
    "",
    "totp/activate/",
    "webauthn/add/",
    "webauthn/",
    "recovery-codes/generate/",
]
ROOMS = [f"/account/{at}" for at in OPEN] + [f"/accounts/{at}" for at in ALLAUTH]
ROOMS += [f"/accounts/2fa/{at}" for at in SECOND] + ["/account/delete/"]
# What has more than the ink and the ground that every page has.
HAS_COLOURS = ["/account/", "/accounts/sessions/", "/accounts/2fa/totp/activate/"]


@pytest.mark.parametrize(("colour_scheme", "width"), [("light", 1280), ("dark", 360)])
def test_every_room(visit, maya, colour_scheme, width):
    page = visit(maya, color_scheme=colour_scheme, width=width)
    page.goto("/accounts/email/")
    page.get_by_label("Email").fill("new@example.com")
    page.get_by_role("button", name="Send a link").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Waiting to be confirmed").wait_for()
    ApiToken.objects.issue(maya, name="a program of mine with quite a long name")
    passkey = add_passkey(maya)
    keys = [
        f"/accounts/2fa/webauthn/keys/{passkey.pk}/{at}/" for at in ("edit", "remove")
    ]
    for url in [*ROOMS, *keys]:
        page.goto(url)
        if colour_scheme == "light" or url in HAS_COLOURS:
            assert violations(page) == [], url
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, url
    page.goto("/account/tokens/")
    page.get_by_label("What is it for?").fill("watch")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_role("heading", name="Your new token").wait_for()
    assert violations(page) == []
