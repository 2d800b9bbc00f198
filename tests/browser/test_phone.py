"""The week on a phone: one day at a time, by the strip, the buttons or a swipe."""

from datetime import timedelta

from playwright.sync_api import expect

from tests.browser.test_booking import week_of


def swipe(page, start, end):
    """As a finger does it; Playwright has taps alone."""
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    (x, y), (to_x, to_y) = start, end
    send("touchStart", {"x": x, "y": y})
    for step in range(1, 6):
        part = step / 5
        send("touchMove", {"x": x + (to_x - x) * part, "y": y + (to_y - y) * part})
    send("touchEnd")


def test_days_are_turned_by_strip_buttons_and_swipe(visit, ana, maya, next_thursday):
    page = visit(maya, width=390, height=844, has_touch=True)
    page.goto(week_of(ana, next_thursday))
    title = page.locator("#day-title")

    def shows(day):
        expect(title).to_contain_text(f"{day:%A} {day.day} ")
        expect(page.locator(".strip a[aria-current]")).to_contain_text(str(day.day))
        assert page.url.endswith(f"?day={day}")

    sunday = next_thursday + timedelta(days=3)
    page.locator(".strip a", has_text="Sun").click()
    shows(sunday)
    page.get_by_role("link", name="Next day").click()
    shows(sunday + timedelta(days=1))
    expect(page.get_by_role("link", name="Next day")).to_be_focused()
    swipe(page, (100, 600), (300, 610))
    shows(sunday)
    swipe(page, (300, 600), (100, 590))
    shows(sunday + timedelta(days=1))
    # Down the page is not across it, and a little is not a swipe.
    swipe(page, (200, 700), (280, 400))
    swipe(page, (200, 600), (240, 600))
    page.wait_for_timeout(300)
    shows(sunday + timedelta(days=1))
    page.go_back()
    shows(sunday)


def test_targets_are_large_and_nothing_moves(visit, ana, maya, next_thursday):
    page = visit(maya, width=360, height=740)
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => list.getEntries()"
        ".forEach((each) => { if (!each.hadRecentInput) window.moved += each.value; }))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto(week_of(ana, next_thursday))
    small = page.evaluate(
        """[...document.querySelectorAll("#week a, #week button")]
            .filter((each) => each.checkVisibility())
            .map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
            .filter(([, box]) => box.height < 44 || box.width < 40)
            .map(([text]) => text)"""
    )
    assert small == []
    page.locator(".strip a", has_text="Fri").click()
    expect(page.locator("#day-title")).to_contain_text("Friday")
    assert page.evaluate("moved") < 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
