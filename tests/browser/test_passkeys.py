"""A passkey in a real browser: added, used, and used again as the second step."""

import pytest
from playwright.sync_api import expect

from tests.factories import PASSWORD


@pytest.fixture
def with_key():
    """Chromium's own virtual key, which says yes to everything."""

    def give(page):
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        key = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})
        return page

    return give


def test_a_passkey_signs_in_alone(visit, maya, with_key):
    page = with_key(visit(maya))
    page.goto("/account/")
    page.get_by_role("link", name="Manage the second step").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("A name for it").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")

    page.goto("/accounts/login/?next=/account/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/account/")
    expect(page.get_by_text("1 passkey")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")

    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(maya.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    # Not by its address: the page that asks ends in a slash as well.
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("link", name="Rename My laptop")).to_be_visible()


def test_a_passkey_that_is_refused_says_so(visit, maya, with_key):
    page = with_key(visit())
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("status")).to_contain_text("The passkey was not used")
