"""Staff without a second step: led to an app, on to the admin, then asked for it."""

from playwright.sync_api import expect

from tests.factories import PASSWORD
from tests.finova.test_account_second_factor import code_of


def test_staff_set_an_app_up_and_sign_in_with_its_code(visit, frieda, settings):
    settings.SECOND_FACTOR_FOR_STAFF = True
    page = visit(frieda)
    page.goto("/admin/accounts/user/")
    expect(page.get_by_text("your password alone is not enough")).to_be_visible()
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator(".secret").inner_text()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="Go on to where you were").click()
    expect(page).to_have_url("/admin/accounts/user/")
    page.get_by_role("button", name="Log out").click()

    page.goto("/accounts/login/?next=/admin/")
    page.get_by_label("Email").fill(frieda.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    # Each code is good once: this is the next half minute's.
    page.get_by_label("Code").fill(code_of(secret, steps=1))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url("/admin/")
