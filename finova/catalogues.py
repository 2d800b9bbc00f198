"""The catalogues of translations, kept in step with the sources: `make messages`.

Babel does what GNU gettext does elsewhere, so that a machine with Python is enough.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "finova" / "locale"
LANGUAGES = ("de", "es", "fr")
APPS = ("bookings", "finova", "trainers")

OPERATORS = {"management", "migrations", "styleguide.py", "styleguide.html"}

LAZY = {f"{name}_lazy": spec for name, spec in DEFAULT_KEYWORDS.items()}
KEYWORDS = {**DEFAULT_KEYWORDS, **LAZY, "gettext_noop": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w*\}|</?\w[^>]*>")


class Catalogue(Catalog):
    """Says of itself nothing that changes from day to day or from hand to hand."""

    mime_headers = property(
        lambda self: [
            ("Language", str(self.locale)),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]
    )


def po_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def sources() -> list[Path]:
    """All but what speaks to operators and developers, in English."""
    modules = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    templates = [
        path
        for path in (ROOT / "templates").rglob("*")
        if path.suffix in (".html", ".txt")
    ]
    return sorted(
        path for path in [*modules, *templates] if not OPERATORS & set(path.parts)
    )


def as_python(path: Path) -> str:
    """A template as the calls it would make, without the lines' indentation."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    calls = templatize(text, origin=str(path))
    return "\n".join(line.strip() for line in calls.splitlines()) + "\n"


def messages_in(path: Path) -> Iterator[tuple[object, list[str], str | None]]:
    source = io.BytesIO(as_python(path).encode())
    found = extract("python", source, KEYWORDS, ("Translators:",))
    for _line, message, comments, context in found:
        yield message, comments, context


def wanted(language: str) -> Catalogue:
    """What the sources ask for, with the translations there are; nothing is guessed."""
    known = there_is(language)
    catalogue = Catalogue(language, header_comment="", fuzzy=False)
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        for message, comments, context in messages_in(path):
            catalogue.add(
                message,  # type: ignore[arg-type]
                locations=[(name, 0)],
                auto_comments=comments,
                context=context,
            )
    for entry in filter(lambda entry: entry.id, catalogue):
        keep(known.get(entry.id, entry.context), entry)
    return catalogue


def keep(old: Message | None, entry: Message) -> None:
    if old and old.id == entry.id:
        entry.string, entry.user_comments = old.string, old.user_comments
        entry.flags |= old.flags & {"fuzzy"}


def there_is(language: str) -> Catalog:
    path = po_file(language)
    text = path.read_bytes() if path.exists() else b""
    return read_po(io.BytesIO(text), locale=language)


def as_po(catalogue: Catalog) -> bytes:
    written = io.BytesIO()
    write_po(written, catalogue, include_lineno=False, ignore_obsolete=True)
    return written.getvalue().strip() + b"\n"


def as_mo(catalogue: Catalog) -> bytes:
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def faults(entry: Message) -> Iterator[str]:
    """What keeps an entry from being a translation."""
    strings, ids = forms_of(entry.string), forms_of(entry.id)
    if not all(strings):
        yield "is not translated"
        return
    if entry.fuzzy:
        yield "is marked fuzzy: look at it, and take the mark away"
    for form, string in enumerate(strings):
        # One and zero may share a form, which then has to say the number.
        allowed = [placeholders(each) for each in (ids if form == 0 else ids[-1:])]
        if placeholders(string) not in allowed:
            yield f"has other placeholders or tags than the English: {string!r}"


def forms_of(text: Any) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, list | tuple) else (text or "",)


def placeholders(string: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(string)))


def main() -> None:
    for language in LANGUAGES:
        catalogue = wanted(language)
        path = po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_po(catalogue))
        path.with_suffix(".mo").write_bytes(as_mo(catalogue))
        entries = [entry for entry in catalogue if entry.id]
        open_ones = sum(1 for entry in entries if list(faults(entry)))
        print(f"{language}: {len(entries)} strings, {open_ones} to translate")


if __name__ == "__main__":
    main()
