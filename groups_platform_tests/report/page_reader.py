"""Reads a page as a program does that knows nothing of how it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input", "rect", "path", "use"}


@dataclass
class PageReader(HTMLParser):
    """figures: by `data-figure`, the text. texts: all that is shown. links: every attribute that could load or lead.

    unclosed: elements that are open at the end, or were closed in a wrong order.
    """

    figures: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _figure: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.elements.append((tag, named))
        self.ids += [named["id"]] if named.get("id") else []
        self.links += [(tag, name, value or "") for name, value in attrs if name in LOADING]
        if tag not in VOID:
            self.open.append(tag)
        if figure := named.get("data-figure"):
            self._figure = (figure, len(self.open))
            self.figures[figure] = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.wrong.append(tag)
            return
        if self._figure and self._figure[1] == len(self.open):
            self._figure = None
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self._figure:
            self.figures[self._figure[0]] += data
        if "style" not in self.open and data.strip():
            self.texts.append(data.strip())

    def figure(self, name: str) -> int | None:
        """A figure as a number; None for a dash."""
        text = self.figures[name].strip().replace(",", "")
        return None if text == "–" else int(text)

    @property
    def text(self) -> str:
        """All that is shown, with single spaces."""
        return " ".join(" ".join(self.texts).split())


LOADING = {"src", "href", "xlink:href", "srcset", "action", "data", "poster", "background", "style"}


def read_page(html: bytes | str) -> PageReader:
    reader = PageReader()
    reader.feed(html.decode() if isinstance(html, bytes) else html)
    reader.close()
    return reader
