"""Find a Chromium, or install Debian's.

python -m tests.browser.chromium
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium found: install it (Debian, Ubuntu: apt-get install chromium), or "
    "name it: CHROMIUM=/path/to/chromium make test"
)


def executable() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print("→ Installing Chromium", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "chromium"]):
        subprocess.run(["apt-get", *command], env=environment, check=False, **quiet)


def main() -> None:
    if executable() is None:
        install()
    if executable() is None:
        sys.exit(MISSING)


if __name__ == "__main__":
    main()
