"""Everything a person reads can be read in every language of the site."""

from itertools import chain

import pytest
from babel.messages import Catalog
from django.conf import settings

from finova import catalogues
from finova.catalogues import LANGUAGES, faults


def test_every_language_but_the_sources_own_has_a_catalogue():
    assert [code for code, _ in settings.LANGUAGES] == ["en-gb", *LANGUAGES]
    assert [catalogues.LOCALE] == settings.LOCALE_PATHS


@pytest.mark.parametrize(
    ("english", "string", "flags", "said"),
    [
        ("Good morning", "Guten Morgen", (), []),
        ("Good morning", "", (), ["is not translated"]),
        ("Good morning", "Gute Nacht", ("fuzzy",), ["is marked fuzzy"]),
        ("With %(name)s", "Mit %(name)s", (), []),
        ("With %(name)s", "Mit %(nome)s", (), ["has other placeholders"]),
        ("With {name}", "Mit", (), ["has other placeholders"]),
        ("<b>Now</b>", "<b>Jetzt<b>", (), ["has other placeholders"]),
        (("One", "%(n)s"), ("Eins", "%(n)s"), (), []),
        (("One", "%(n)s"), ("%(n)s", "%(n)s"), (), []),
        (("One", "%(n)s"), ("Eins", "Viele"), (), ["has other placeholders"]),
        (("One", "%(n)s"), ("Eins", ""), (), ["is not translated"]),
    ],
)
def test_a_faulty_translation_is_seen(english, string, flags, said):
    catalogue = Catalog("de")
    entry = catalogue.add(english, string, flags=flags)
    found = list(faults(entry))
    assert len(found) == len(said)
    assert all(map(str.startswith, found, said))


def test_templates_and_modules_are_read_as_django_reads_them(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "{% load i18n %}<p>\n"
        '  {% translate "Plain" %} {% translate "Short" context "a day" %}\n'
        "    {% blocktranslate trimmed with name=who %}\n"
        "      Two lines\n      for {{ name }}: 5%\n    {% endblocktranslate %}\n"
        "  {% blocktranslate count n=n %}One{% plural %}{{ n }}{% endblocktranslate %}"
        '{% include "x.html" with title=_("An argument") %}{{ _("Printed") }}\n'
    )
    module = tmp_path / "module.py"
    module.write_text(
        "from django.utils.translation import gettext_lazy as _\n"
        '# Translators: said at the door.\nA = _("A "\n      "whole sentence")\n'
        'B = ngettext_lazy("one", "many", "n")\n'
        'C = pgettext("date format", "l")\n'
    )
    found = [*chain.from_iterable(map(catalogues.messages_in, (page, module)))]
    assert found == [
        ("Plain", [], None),
        ("Short", [], "a day"),
        ("Two lines for %(name)s: 5%%", [], None),
        (("One", "%(n)s"), [], None),
        ("An argument", [], None),
        ("Printed", [], None),
        ("A whole sentence", ["Translators: said at the door."], None),
        (("one", "many"), [], None),
        ("l", [], "date format"),
    ]
