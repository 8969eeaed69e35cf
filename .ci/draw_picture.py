"""Draw the picture of a report that README.md shows, from runs that are made for it.

On the left the page of the model, on the right a failure of a broken emulator. The one argument is
the PNG file to write.
"""

from __future__ import annotations

import base64
import io
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from mhsm_conformance.progress import progress_to
from mhsm_conformance.running import RunOptions, conducted
from mhsm_reports.render import html

WIDTH, HEIGHT = 1080, 1180
BROKEN, CLAUSES = "mutant:gcm-ignores-the-aad", "GCM-*"


def main() -> None:
    """Make both runs, show their pages and write the picture."""
    (destination,) = map(Path, sys.argv[1:])
    destination.parent.mkdir(exist_ok=True)
    program = os.environ.get("MHSM_CHROMIUM") or shutil.which("chromium")
    if program is None:
        sys.exit("There is no Chromium on this machine (Debian: apt-get install chromium).")
    runs = (RunOptions("model", "ci"), RunOptions(BROKEN, "smoke", clause=CLAUSES))
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        # Chromium refuses to run as root in its sandbox; it opens only pages made here.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        shots: list[bytes] = []
        for number, options in enumerate(runs):
            place = Path(folder, f"{number}.html")
            html.write(conducted(options, progress_to(io.StringIO())), place)
            shots.append(_shown(browser, place))
        destination.write_bytes(_side_by_side(browser, shots))
        browser.close()


def _shown(browser: Browser, place: Path) -> bytes:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
    page.goto(place.as_uri())
    return page.screenshot()


def _side_by_side(browser: Browser, shots: list[bytes]) -> bytes:
    page = browser.new_page(viewport={"width": 1440, "height": 800})
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(shot).decode("ascii")}">'
        for shot in shots
    )
    page.set_content(
        "<style>body { margin: 0; display: flex; gap: 20px; background: #d9d5cc }"
        f"img {{ width: calc(50% - 10px) }}</style>{images}"
    )
    return page.locator("body").screenshot()


if __name__ == "__main__":
    main()
