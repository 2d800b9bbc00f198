"""One style sheet of those that people write: what a first visit to the grid needs.

Ten small files were ten requests, each with half a kilobyte of headers; and what is
alike in them is compressed better side by side. Other pages link what they need more.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

NAME = "css/site.css"
FOLDER = settings.BASE_DIR / "static" / "css"
PARTS = ["tokens", "status", "base", "components", "forms"]
PARTS += ["trainers", "slot", "week", "days", "panel"]
SMALL = 500  # bytes; a request costs more


class OneSheetFinder(BaseFinder):
    """Finds the site's sheet, for `runserver`'s like and for `collectstatic`."""

    storage = FileSystemStorage(location=settings.DATA_DIR / "static")

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [self.written()] if path == NAME else []
        return found if find_all or not found else found[0]

    def list(self, ignore_patterns: Any) -> Any:
        self.written()
        yield NAME, self.storage

    def written(self) -> str:
        """Written anew when a part has changed; whole at every moment."""
        path = Path(self.storage.path(NAME))
        text = "".join(short((FOLDER / f"{name}.css").read_text()) for name in PARTS)
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{id(self)}")
            draft.write_text(text)
            draft.replace(path)
        return str(path)


def short(css: str) -> str:
    """Without comments and needless space, the small pictures written into it."""
    css = re.sub(r"/\*.*?\*/|\s+", " ", css, flags=re.DOTALL)
    css = re.sub(r"\s*([{};,])\s*", r"\1", css)
    return re.sub(r'url\("\.\./img/([\w.-]+\.svg)"\)', picture, css)


def picture(reference: re.Match[str]) -> str:
    image = (FOLDER.parent / "img" / reference[1]).read_text().strip()
    if len(image) > SMALL:
        return reference[0]
    written = quote(image, safe=" =:/'")
    return f'url("data:image/svg+xml,{written}")'
