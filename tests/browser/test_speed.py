"""A first visit to a trainer's week: what it weighs, how it feels on a slow phone."""

import pytest
from playwright.sync_api import expect

from tests.factories import TrainerFactory

WEIGHT = 35_000  # bytes, headers and all
SLOWER = 4
# Whatever else the machine does only adds: the best visit is the page's own.
VISITS = 5

# What the browser notes of itself; buffered, so that nothing is missed.
NOTE = """
window.noted = {shifts: [], largest: 0, interactions: []};
const watch = (type, note, options) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) note(entry);
}).observe({type, buffered: true, ...options});
const place = ({node, previousRect, currentRect}) =>
  [node?.outerHTML ?? node?.data, previousRect.toJSON(), currentRect.toJSON()];
watch("layout-shift", ({hadRecentInput, sources}) => {
  if (!hadRecentInput) noted.shifts.push(sources.map(place));
});
watch("largest-contentful-paint", ({startTime}) => { noted.largest = startTime; });
const answered = ({interactionId, duration}) => {
  if (interactionId) noted.interactions.push(duration);
};
watch("event", answered, {durationThreshold: 16});
watch("first-input", answered);
"""


@pytest.fixture
def week(ana, next_thursday):
    for name in ("Bruno Keller", "Clara Vogel"):
        TrainerFactory(name=name)
    return f"/trainers/ana-ruiz/?week={next_thursday}"


@pytest.fixture
def slow(visit):
    """A page that runs at a quarter of this machine's speed, and notes what it does."""

    def open_page(who, **options):
        page = visit(who, **options)
        page.context.add_init_script(NOTE)
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        return page

    return open_page


def noted(page):
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    return page.evaluate("noted")


@pytest.mark.parametrize("width", [1280, 390])
def test_what_a_first_visit_weighs(visit, week, width):
    page = visit(width=width)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    names, weights = {}, {}
    session.on(
        "Network.requestWillBeSent",
        lambda event: names.update({event["requestId"]: event["request"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: weights.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.goto(week)
    page.wait_for_load_state("networkidle")
    assert any(name.endswith("htmx-2.min.js") for name in names.values())
    heavy = sorted((weight, names[key]) for key, weight in weights.items() if weight)
    assert sum(weights.values()) <= WEIGHT, heavy


@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_there_soon_and_nothing_jumps(slow, maya, week, width):
    page = slow(maya, width=width)
    page.goto(week)
    best = noted(page)
    assert best["shifts"] == []
    assert best["largest"] > 0
    for _ in range(VISITS - 1):
        if best["largest"] <= 1500:
            break
        page.reload()
        best = noted(page)
    assert best["largest"] <= 1500


def test_it_answers_at_once(slow, maya, week, next_thursday):
    page = slow(maya)
    best = 1000
    for _ in range(VISITS):
        page.goto(week)
        page.wait_for_load_state("networkidle")
        page.locator(f"#cell-{next_thursday}T09\\:00 button").click()
        expect(page.get_by_role("button", name="Book this session")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Book this session")).to_have_count(0)
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
            page.keyboard.press(key)
        # The browser notes a page's first input, however quick it was.
        answers = noted(page)["interactions"]
        assert answers, "nothing was measured"
        best = min(best, max(answers))
        if best <= 100:
            break
    assert best <= 100
