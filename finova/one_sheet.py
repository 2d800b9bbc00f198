"""One style sheet and one script of those that people write: what the grid needs.

A dozen small files were a dozen requests, each with half a kilobyte of headers; and
what is alike in them is compressed better side by side. Other pages link what they
need more.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

STATIC = settings.BASE_DIR / "static"
SHEETS = {
    "css/site.css": [
        *("tokens", "status", "base", "components", "forms"),
        *("trainers", "slot", "week", "days", "panel"),
    ],
    "js/site.js": ["connection", "grid", "panel"],
}
SMALL = 500  # bytes; a request costs more


class OneSheetFinder(BaseFinder):
    """Finds the site's sheets, for `runserver`'s like and for `collectstatic`."""

    storage = FileSystemStorage(location=settings.DATA_DIR / "static")

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [self.written(path)] if path in SHEETS else []
        return found if find_all or not found else found[0]

    def list(self, ignore_patterns: Any) -> Any:
        for name in SHEETS:
            self.written(name)
            yield name, self.storage

    def written(self, name: str) -> str:
        """Written anew when a part has changed; whole at every moment."""
        path = Path(self.storage.path(name))
        text = joined(name)
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{id(self)}")
            draft.write_text(text)
            draft.replace(path)
        return str(path)


def joined(name: str) -> str:
    kind = Path(name).suffix
    short = {".css": short_css, ".js": short_js}[kind]
    parts = [STATIC / kind[1:] / f"{part}{kind}" for part in SHEETS[name]]
    return "".join(short(part.read_text()) for part in parts)


def short_css(css: str) -> str:
    """Without comments and needless space, the small pictures written into it."""
    css = re.sub(r"/\*.*?\*/|\s+", " ", css, flags=re.DOTALL)
    css = re.sub(r"\s*([{};,])\s*", r"\1", css)
    return re.sub(r'url\("\.\./img/([\w.-]+\.svg)"\)', picture, css)


def picture(reference: re.Match[str]) -> str:
    image = (STATIC / "img" / reference[1]).read_text().strip()
    if len(image) > SMALL:
        return reference[0]
    written = quote(image, safe=" =:/'")
    return f'url("data:image/svg+xml,{written}")'


def short_js(script: str) -> str:
    """Without the lines that are comments, and without indentation."""
    return re.sub(r"^\s*//.*\n|^\s+", "", script, flags=re.MULTILINE)
