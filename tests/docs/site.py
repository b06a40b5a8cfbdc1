"""The built site, in a browser too: ``bash .ci/run docs`` builds it, and then runs these tests by the file's name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from docs.pages import DOCS, PAGES, ROOT
from typing_extensions import is_typeddict

import rollout_auth
import rollout_auth.testing
import rollout_auth.wire

SITE = ROOT / "build" / "docs"
BUILT = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
SEARCHES = {
    "invalid_refresh_token": "reference/errors.html",
    "WebhookPayload": "reference/wire.html",
    "generate_connect_token": "reference/index.html",
    "rollout_simulator": "reference/testing.html",
    "ROLLOUT_PREVIOUS_CLIENT_SECRET": "reference/command.html",
    "threat": "SECURITY.html",
}
by_built_page = pytest.mark.parametrize("page", BUILT)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *message: object) -> None:
        pass


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, Any]]:
    """What a browser saw of the site, on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        wanted = {"pages": BUILT, "searches": list(SEARCHES)}
        command = ["node", Path(__file__).with_name("browse.mjs"), shutil.which("chromium")]
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            done = subprocess.run([*command, url, json.dumps(wanted)], check=True, stdout=subprocess.PIPE, timeout=120)
        finally:
            server.shutdown()
            thread.join()
    return json.loads(done.stdout)


def html(page: str) -> str:
    return (SITE / page).read_text("utf-8")


def test_every_page_is_built() -> None:
    """Each page of docs is one of the site."""
    expected = {page.relative_to(DOCS).with_suffix(".html").as_posix() for page in PAGES if page.is_relative_to(DOCS)}
    assert expected <= set(BUILT)


@by_built_page
def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    """No script, style, font or image has an address on another site."""
    assert re.findall(r"<(?:script|link|img|iframe|source|object)\b[^>]*?=\"?(?:https?:)?//[^>]*>", html(page)) == []


@by_built_page
def test_links(page: str) -> None:
    """A link within the site leads to a page and, if it names one, to a place on it; one to a source, to a copy."""
    for target in re.findall(r'<a [^>]*href="(?![a-z]+:)([^"]+)"', html(page)):
        path, _, fragment = unescape(target).partition("#")
        linked = (SITE / page).parent / path if path else SITE / page
        assert linked.is_file(), target
        assert not fragment or f'id="{fragment}"' in linked.read_text("utf-8"), target


def test_no_style_is_loaded_from_elsewhere() -> None:
    """Nor has anything in a style sheet."""
    styles = [path.read_text("utf-8") for path in SITE.rglob("*.css")]
    assert styles
    assert [found for style in styles for found in re.findall(r"(?:url\(|@import)[\"' ]*(?:https?:)?//.*", style)] == []


def test_browser(seen: dict[str, Any]) -> None:
    """A browser asks nobody else for anything, and reports no error."""
    assert (seen["foreign"], seen["errors"]) == ([], [])


def test_phone(seen: dict[str, Any]) -> None:
    """On a phone, no page scrolls sideways."""
    assert seen["wide"] == []


def test_images(seen: dict[str, Any]) -> None:
    """Every image is there, and says what it shows."""
    assert seen["broken"] == []


def test_dark(seen: dict[str, Any]) -> None:
    """On a dark page, a diagram is turned to light on dark."""
    (light, as_drawn), (dark, turned) = seen["colours"]["light"], seen["colours"]["dark"]
    assert light != dark
    assert as_drawn == "none"
    assert turned.startswith("invert(1)")


@pytest.mark.parametrize(("text", "page"), SEARCHES.items())
def test_search(text: str, page: str, seen: dict[str, Any]) -> None:
    """The search finds the page that answers."""
    assert any(f"/{page}" in found for found in seen["found"][text])


@pytest.mark.parametrize("package", [rollout_auth, rollout_auth.testing], ids=lambda package: package.__name__)
def test_names_have_entries(package: Any) -> None:
    """Each name that users import has an entry that can be linked."""
    reference = "".join(html(page) for page in BUILT if page.startswith("reference/"))
    assert [name for name in package.__all__ if f'id="{package.__name__}.{name}"' not in reference] == []


def test_types_have_entries() -> None:
    """So has each type of what travels."""
    types = [name for name, value in vars(rollout_auth.wire).items() if is_typeddict(value) and name[0] != "_"]
    assert len(types) > 6
    assert [name for name in types if f'id="rollout_auth.wire.{name}"' not in html("reference/wire.html")] == []


@pytest.mark.parametrize("page", [page for page in BUILT if page.startswith("reference/")])
def test_entries_show_no_internals(page: str) -> None:
    """No signature has a private name, an address or a masked value, and no entry a text that is not our own."""
    signatures = re.findall(r'<dt class="sig.*?</dt>', html(page), re.DOTALL)
    texts = [re.sub(r"<[^>]+>|\s+", " ", signature) for signature in signatures]
    assert [text for text in texts if re.search(r"= _|object at 0x|&lt;hidden|datetime \. timedelta \(", text)] == []
    assert "Alias for field number" not in html(page)
    assert "str(object=" not in html(page)
