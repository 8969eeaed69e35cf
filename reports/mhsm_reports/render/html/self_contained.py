"""A page that needs nothing but itself: it permits no style and no script but its own.

What a page shows may be hostile: a value is escaped unless it is Markup, and a name that a template
does not know is an error.
"""

import base64
import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_PACKAGE: Final = "mhsm_reports.render.html"


def page_environment(package: str, shown: Callable[[object], object]) -> Environment:
    """Return an environment of the templates of a package.

    `shown` says what a template writes for a value, before it is escaped.
    """
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(package: str, name: str) -> str:
    """Return the text of a file beside the templates of a package."""
    return files(package).joinpath("templates", name).read_text("utf-8")


def style_and_script(style: str, script: str, images: str | None = None) -> dict[str, Any]:
    """Return the members `style`, `script` and `policy` that the frame of a page wants.

    What all pages have in common stands before the style given. The policy permits the two by
    their hashes, images from the source given, and nothing else.
    """
    style = asset(_PACKAGE, "base.css") + style
    pictures = "" if images is None else f"img-src {images}; "
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; {pictures}"
        f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    )
    return {"style": Markup(style), "script": Markup(script), "policy": policy}


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
