"""What a signed-in person saw is in no cache; what a visitor sees may be."""

import pytest

from finova.accounts.models import ApiToken
from tests.finova.conftest import ROLES, ROWS

pytestmark = pytest.mark.django_db


def kept_by_nobody(answer):
    said = {word.strip() for word in answer.get("Cache-Control", "").split(",")}
    return {"no-store", "private"} <= said


# The same for everybody, whoever signs in or out.
PHOTO = "/trainers/ana-ruiz/photo/{photo}.webp"


def test_a_photo_is_kept_by_the_browser_alone(gym):
    for role in ROLES:
        answer = gym.request(role, "GET", PHOTO)
        assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [path for path in ROWS if path != PHOTO])
def test_no_answer_to_the_signed_in_is_kept(gym, path):
    for role in ROLES[1:]:
        for method in ("GET", "POST"):
            answer = gym.request(role, method, path)
            signed_out = not gym.client.cookies["sessionid"].value
            assert kept_by_nobody(answer) or signed_out, (role, method)


@pytest.mark.parametrize("path", ["/", "/trainers/", "/trainers/ana-ruiz/"])
def test_a_visitors_page_may_be_but_not_for_members(gym, path):
    answer = gym.request("visitor", "GET", path)
    assert "Cache-Control" not in answer
    assert "Cookie" in answer["Vary"]


def test_a_fragment_is_not_taken_for_the_page(gym):
    answer = gym.request("visitor", "GET", "/trainers/ana-ruiz/")
    assert "HX-Request" in answer["Vary"]


def test_what_a_program_got_is_kept_by_nobody(gym):
    _, secret = ApiToken.objects.issue(gym.people["member"], name="phone")
    headers = {"Authorization": f"Bearer {secret}"}
    for method, path in [
        ("GET", "/api/members/trainers/{trainer}/schedule/{day}"),
        ("POST", "/api/members/book-training-session"),
    ]:
        assert kept_by_nobody(gym.request("visitor", method, path, **headers))


def test_htmx_keeps_no_page_either(gym):
    for path in ("/", "/sessions/", "/trainers/ana-ruiz/"):
        page = gym.request("member", "GET", path).content.decode()
        assert '"historyCacheSize":0' in page
        assert '"historyRestoreAsHxRequest":false' in page
