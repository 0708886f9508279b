"""Every link of every page leads somewhere, and every page can be found."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page may be linked by."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
        for heading in headings
    }


def links(page: Path) -> list[str]:
    """Return where a page's links lead, those to elsewhere left out."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S)
    return [link for link in LINK.findall(text) if "://" not in link]


def leads_nowhere(page: Path, link: str) -> bool:
    """Return whether there is no such file, or no such heading in it."""
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return not target.exists() or bool(anchor and anchor not in anchors(target))


def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links(page) if leads_nowhere(page, link)] == []


def test_the_index_leads_to_every_page() -> None:
    docs = ROOT / "docs"
    index = docs / "README.md"

    found = {(docs / link).resolve() for link in links(index)}

    assert {page for page in docs.rglob("*.md") if page != index} == found


def test_a_link_to_a_missing_file_or_heading_is_noticed() -> None:
    page = ROOT / "docs" / "README.md"

    assert leads_nowhere(page, "no-such-page.md")
    assert leads_nowhere(page, "reference/events.md#no-such-heading")
    assert not leads_nowhere(page, "reference/events.md#when-a-run-is-finished")
