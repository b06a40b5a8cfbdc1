"""Every link of the documentation leads somewhere, on GitHub and in the site."""

from __future__ import annotations

import re
from pathlib import Path

from docs.pages import DOCS, PAGES, ROOT, anchors, by_page, prose

LINK = r"\]\(<?([^)>\s]+)>?\)"


def links(page: Path) -> list[str]:
    return re.findall(LINK, prose(page))


@by_page
def test_links(page: Path) -> None:
    """A relative link leads to a file, and its fragment to a heading of that page. The site has no folders to show."""
    for target in links(page):
        path, _, fragment = target.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert linked.is_file() or not page.is_relative_to(DOCS), target
        assert linked.is_relative_to(ROOT), target
        assert not fragment or (linked in PAGES and fragment in anchors(linked)), target
