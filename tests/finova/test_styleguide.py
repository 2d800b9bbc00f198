"""The page with every component: for who builds the site, not for who uses it."""

import pytest

pytestmark = pytest.mark.django_db


def test_it_shows_each_component_while_the_site_is_built(client):
    page = client.get("/styleguide/").text
    for component in ("button--danger", "message--error", "skeleton", "errorlist"):
        assert component in page


def test_production_has_no_such_page(client, settings):
    settings.PRODUCTION = True
    assert client.get("/styleguide/").status_code == 404
