"""What mkdocs asks of us: pages from the code, pages from elsewhere in the repository, and links that work in both.

The pages of the repository link to each other's files, as a code host shows them. In the site some of them lie
elsewhere, and their links are written anew; a strict build fails where a link leads to no page of the site.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

from generate import DOCS, PAGES
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

# File of the repository → its page.
ELSEWHERE: Final = {
    "README.md": "index.md",
    "sample_data/README.md": "sample-data.md",
    "benchmarks/README.md": "benchmarks.md",
}
NUMBER: Final = re.compile(
    r"^- \*\*([DSPM]\d{1,2})\*\* ", re.MULTILINE
)  # in the contract; the generated pages link to it
FENCE: Final = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\((?![a-z]+:|#)([^)\s#]+)")


def on_config(config: MkDocsConfig) -> None:
    """List the decisions, so that a new one only needs its file."""
    background = next(item["Background"] for item in config.nav or () if "Background" in item)
    decisions = next(item for item in background if "Decisions" in item)
    numbered = sorted(path.name for path in (DOCS / "decisions").glob("0*.md"))
    decisions["Decisions"] = [f"decisions/{name}" for name in ("README.md", *numbered)]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the pages that lie elsewhere, and those from the code."""
    for path, page in ELSEWHERE.items():
        text = (DOCS.parent / path).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    for page, write in PAGES.items():
        files.append(File.generated(config, page, content=write()))


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Write the links of a page anew: from where it lies in the site to where the others do."""
    here = page.file.src_uri
    if here in PAGES:
        return markdown
    source = next((path for path, moved in ELSEWHERE.items() if moved == here), f"docs/{here}")

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        target = ELSEWHERE.get(target, target.removeprefix("docs/"))
        return f"]({posixpath.relpath(target, posixpath.dirname(here) or '.')}"

    if here == "contract.md":
        markdown = NUMBER.sub(lambda number: f"- **{number[1]}**{{ #{number[1].lower()} }} ", markdown)
    parts = FENCE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in parts)
