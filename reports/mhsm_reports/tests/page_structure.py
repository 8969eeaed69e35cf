"""A page as its elements: what hostile text must not add to, and what may load something."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "input", "link", "br", "img", "hr", "path", "rect", "circle", "use"})
LOADING = frozenset({"src", "srcset", "action", "formaction", "poster", "data", "background"})


@dataclass(slots=True)
class Element:
    """An element, its attributes and the text in it."""

    tag: str
    attributes: dict[str, str | None]
    parts: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        """All text in it, as it stands in the source."""
        return "".join(self.parts)

    @property
    def words(self) -> str:
        """All text in it on one line."""
        return " ".join(self.text.split())


@dataclass(slots=True)
class PageStructure(HTMLParser):
    """The elements of a page in their order; a page that is not well nested is an error."""

    source: str
    elements: list[Element] = field(default_factory=list[Element])
    open: list[Element] = field(default_factory=list[Element])

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert not self.open, f"<{self.open[-1].tag}> is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs), f"<{tag}> has an attribute twice"
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> within <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.parts.append(data)

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return the elements in order, each with the names of its attributes."""
        return [(element.tag, tuple(element.attributes)) for element in self.elements]

    def by_id(self, name: str) -> Element:
        """Return the one element of that id."""
        (found,) = (item for item in self.elements if item.attributes.get("id") == name)
        return found

    def ids(self) -> list[str]:
        """Return all ids."""
        return [item.attributes["id"] or "" for item in self.elements if "id" in item.attributes]
