"""Everything a person reads can be read in every language of the site."""

import ast
import html
import re
from functools import cache
from itertools import chain

import html5lib
import pytest
from babel.messages import Catalog
from django.conf import settings
from django.contrib import admin
from django.template.base import Lexer, TokenType
from django.utils.functional import Promise

from finova import catalogues
from finova.accounts.roles import PERMISSIONS
from finova.catalogues import LANGUAGES, as_mo, as_po, faults, po_file, there_is, wanted


def test_every_language_but_the_sources_own_has_a_catalogue():
    assert [code for code, _ in settings.LANGUAGES] == ["en-gb", *LANGUAGES]
    assert [catalogues.LOCALE] == settings.LOCALE_PATHS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_in_step_with_the_sources(language):
    """A string that is new, changed or gone: run `make messages`, and translate it."""
    as_it_is = po_file(language).read_text(encoding="utf-8")
    assert as_it_is == as_po(wanted(language)).decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_served_is_what_was_translated(language):
    """Hand-edited: `make messages` compiles it too."""
    compiled = po_file(language).with_suffix(".mo").read_bytes()
    assert compiled == as_mo(wanted(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_translated(language):
    entries = (entry for entry in there_is(language) if entry.id)
    found = [f"{entry.id!r} {fault}" for entry in entries for fault in faults(entry)]
    assert not found, "\n".join([f"{len(found)} in {language}:", *found])


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


# --- nothing a person reads is written past the catalogues ------------------------

SPOKEN = re.compile(r"[^\W\d_]{2}")
NAMES = {"API", "Authorization: Bearer"}  # the same in every language
TAG = re.compile(r"""<[a-z/!](?:"[^"]*"|'[^']*'|[^>"'])*>""", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
SAID = re.compile(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"')
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)"')
TEMPLATES = [path for path in catalogues.sources() if path.suffix != ".py"]
MODULES = [path for path in catalogues.sources() if path.suffix == ".py"]


OURS = [
    model
    for model in admin.site._registry
    if model.__module__.split(".")[0] in catalogues.APPS
]


def name_of(path):
    return path.relative_to(catalogues.ROOT).as_posix()


# Blocks that stand in an attribute, Django's own in the admin too.
VALUED = re.compile(r"block (\w+_(class|next)|in_\w+|bodyclass|coltype)")


def bare_text(template):
    """What a template says without asking a catalogue, its tags left in."""
    inside = None
    for token in Lexer(template).tokenize():
        word = token.contents.split(" ")[0] if token.contents else ""
        if token.token_type == TokenType.TEXT and not inside:
            yield token.contents
        elif token.token_type == TokenType.BLOCK and inside:
            inside = None if word == f"end{inside}" else inside
        elif token.token_type == TokenType.BLOCK:
            opens = word in ("blocktranslate", "comment", "verbatim")
            valued = VALUED.fullmatch(token.contents)
            inside = "block" if valued else word if opens else None


def untranslatable(template):
    text = "".join(bare_text(template))
    said = [*SAID.findall(text), *DESCRIPTION.findall(text)]
    lines = [line.strip() for line in TAG.sub("\n", SCRIPT.sub("", text)).splitlines()]
    found = [html.unescape(each).strip() for each in [*said, *lines]]
    return [each for each in found if SPOKEN.search(each) and each not in NAMES]


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_templates_say_nothing_past_the_catalogues(path):
    assert untranslatable(path.read_text()) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<a href="/here" class="row">{{ name }}</a>', []),
        ('<a aria-label="Go on">→</a>', ["Go on"]),
        ('<a aria-label="{% translate "Go on" %}">→</a>', []),
        ('<meta name="description" content="A gym">', ["A gym"]),
        ("{% blocktranslate %}Hello {{ name }}{% endblocktranslate %} you", ["you"]),
        ("{% if a %}Hello{% endif %}", ["Hello"]),
        ("{% comment %}Hello{% endcomment %}{# there #}", []),
        ("<b>API</b>&nbsp;· 5", []),
    ],
)
def test_untranslatable_text_is_seen(template, found):
    assert untranslatable(template) == found


SAYING = {
    "verbose_name",
    "verbose_name_plural",
    "help_text",
    "label",
    "labels",
    "violation_error_message",
    "error_messages",
    "empty_label",
    "sentence",
}
LEVELS = {"debug", "info", "success", "warning", "error"}


def is_text(node):
    if isinstance(node, ast.Dict):
        return any(map(is_text, node.values))
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(SPOKEN.search(node.value))
    return isinstance(node, ast.JoinedStr) and any(map(is_text, node.values))


def called(node):
    """`messages.error` as that, and `ValidationError` by its last name."""
    function = node.func
    if not isinstance(function, ast.Attribute):
        return "", getattr(function, "id", "")
    return getattr(function.value, "id", ""), function.attr


def said_by(node):
    """The places in this piece of syntax where a person is told something."""
    if isinstance(node, ast.Assign):
        if any(getattr(target, "id", "") in SAYING for target in node.targets):
            yield node.value
    elif isinstance(node, ast.Call):
        owner, name = called(node)
        yield from (word.value for word in node.keywords if word.arg in SAYING)
        if owner == "admin" and name in ("action", "display"):
            yield from (w.value for w in node.keywords if w.arg == "description")
        if (owner == "messages" and name in LEVELS) or name == "message_user":
            yield from node.args[1:2]
        if name == "ValidationError" or (owner == "models" and name.endswith("Field")):
            yield from node.args[:1]
    elif isinstance(node, ast.ClassDef) and any(
        "Choices" in ast.unparse(b) for b in node.bases
    ):
        values = [each.value for each in node.body if isinstance(each, ast.Assign)]
        yield from (v.elts[1] for v in values if isinstance(v, ast.Tuple))


def silent(module):
    tree = ast.parse(module)
    return [
        ast.unparse(said)
        for node in ast.walk(tree)
        for said in said_by(node)
        if is_text(said)
    ]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_say_nothing_past_the_catalogues(path):
    assert silent(path.read_text()) == []


@pytest.mark.parametrize(
    "module",
    [
        'messages.success(request, "Done")',
        'self.message_user(request, f"{count} done")',
        'raise forms.ValidationError("No")',
        'raise ValidationError({"end": "No"})',
        'name = models.CharField("name", max_length=5)',
        'name = forms.CharField(label="Name")',
        '@admin.action(description="Go")\ndef go(): pass',
        'class Meta:\n    verbose_name = "person"',
        'class Colour(models.TextChoices):\n    RED = "red", "Red"',
    ],
)
def test_a_string_that_no_catalogue_knows_is_seen(module):
    assert len(silent(module)) == 1
    marked = re.sub(r'f?("[^"]*[A-Zdan][^"]*")(?=[\s,)}]|$)', r"_(\1)", module)
    assert silent(marked.replace('_("end")', '"end"')) == []


def texts_of(model):
    yield from (model._meta.verbose_name, model._meta.verbose_name_plural)
    for field in model._meta.fields:
        if not field.auto_created and field.name != "id":
            yield from filter(None, (field.verbose_name, field.help_text))


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_field_that_staff_see_has_a_name_to_translate(model):
    assert [
        str(each) for each in texts_of(model) if not isinstance(each, Promise)
    ] == []


# --- what is translatable is translated where it is printed ------------------------

PAGES = [
    "/",
    "/day/",
    "/trainers/",
    "/trainers/?q=nobody",
    "/trainers/ana-ruiz/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/nowhere/",
]
MEMBERS = [
    "/sessions/",
    "/sessions/calendar/",
    "/account/",
    "/account/profile/",
    "/account/tokens/",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/password/change/",
]
STAFF = [
    "/admin/",
    "/admin/bookings/trainingsession/",
    "/admin/bookings/trainingsession/add/",
    "/admin/bookings/gymsettings/1/change/",
    "/admin/trainers/trainer/",
    "/admin/trainers/trainer/add/",
    "/admin/accounts/user/",
    "/admin/accounts/user/add/",
]


def visible(page):
    document = html5lib.parse(page, namespaceHTMLElements=False)
    for element in document.iter():
        if element.tag not in ("script", "style"):
            yield element.text or ""
            yield element.get("aria-label") or ""
        yield element.tail or ""


@cache
def english_sentences(language):
    """Of two words and more, and other words in that language."""
    entries = [entry for entry in there_is(language) if entry.id]
    pairs = [(one(entry.id), one(entry.string)) for entry in entries]
    return {
        english
        for english, string in pairs
        if string and string != english and " " in english and "%(" not in english
    }


def one(text):
    return text if isinstance(text, str) else text[0]


def left_in_english(language, page):
    texts = {" ".join(text.split()) for text in visible(page)}
    # What a group is called is data, as the names of people are.
    return texts & english_sentences(language) - set(PERMISSIONS)


@pytest.mark.django_db
@pytest.mark.usefixtures("ana", "monday_morning")
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_speaks_two_languages(language, client, as_maya, as_frieda):
    # In English first: what is kept from then must not be told to the next.
    for browser in ("en", language):
        for visitor, paths in ((client, PAGES), (as_maya, MEMBERS), (as_frieda, STAFF)):
            for path in paths:
                answer = visitor.get(path, headers={"Accept-Language": browser})
                assert answer.status_code in (200, 404), (path, answer.status_code)
                page = answer.content.decode()
                english = left_in_english(language, page)
                assert browser == "en" or not english, (path, english)
