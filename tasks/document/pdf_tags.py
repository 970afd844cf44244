"""What a tagged PDF says beside its ink, by the rules of PDF/UA-1 (ISO 14289-1): the engine tags boxes, not meanings.

WeasyPrint 70 tags every box of a link as a link of its own, one upon the other, and every dot of a leader as text that
is read aloud; heads and feet of pages as content that belongs nowhere; the pairs of a `dl` as a `Div` in a list; a
table of contents as a list; and it says of no head of a table whether it is one of a row or of a column.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

_IDENTIFIED = (  # PDF/A wants every scheme of names described that is not its own
    '<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1"/>'
    '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    "<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    "<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    '<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    "<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    "<pdfaProperty:category>internal</pdfaProperty:category>"
    "<pdfaProperty:description>Part of ISO 14289 to which this conforms</pdfaProperty:description>"
    "</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)


class Places(HTMLParser):
    """What links within a page lead to, in words: of all the links to a place the longest text."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: dict[str, str] = {}
        self._open: tuple[str, list[str]] | None = None

    @classmethod
    def of(cls, html: str) -> Mapping[str, str]:
        """By the name of the place."""
        places = cls()
        places.feed(html)
        return places.titles

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href") or ""
        if tag == "a" and target.startswith("#"):
            self._open = (target[1:], [])

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open:
            (target, words), self._open = self._open, None
            text = " ".join("".join(words).split())
            self.titles[target] = max(self.titles.get(target, ""), text, key=len)


def mend(pdf: Any, places: Mapping[str, str]) -> None:
    """Brings the tags of a PDF (of pydyf) that the engine has finished to what the rules ask, and says so in it.

    `places`: what the targets of links are called, by name.
    """
    tree = _Tree(pdf)
    tree.leave_out_margins()
    for element in list(tree.elements()):
        match str(element["S"]):
            case "/Link":
                tree.one_link(element)
            case "/TH":
                tree.scoped(element)
            case "/Table":
                tree.laid_out(element)
    for element in list(tree.elements()):
        if element["S"] == "/L":
            tree.pairs(element)
            tree.contents(element)
    tree.mark_artifacts()
    for annotation in pdf.objects:
        if isinstance(annotation, dict) and annotation.get("Subtype") == "/Link" and "Dest" in annotation:
            annotation["Contents"].string = places.get(annotation["Dest"].string) or annotation["Dest"].string
    _identify(pdf)


def _identify(pdf: Any) -> None:
    """Says that it is PDF/UA-1; plainly, for what is packed is found by nobody who looks for it."""
    metadata = pdf.objects[_number(pdf.catalog["Metadata"])]
    metadata.stream = [metadata.stream[0].replace(b"</rdf:RDF>", _IDENTIFIED.encode() + b"</rdf:RDF>")]
    metadata.compress = False


def _number(reference: bytes) -> int:
    return int(reference.split()[0])


def _nothing(number: int) -> Any:
    import pydyf

    class Nothing(pydyf.Object):  # type: ignore[misc]
        data = b"null"

    nothing = Nothing()
    nothing.number = number
    return nothing


class _Tree:
    """The structure of a PDF, and what of its pages is no part of it."""

    def __init__(self, pdf: Any) -> None:
        self._pdf = pdf
        self._root = self._at(pdf.catalog["StructTreeRoot"])
        self._artifacts: dict[bytes, dict[int, str]] = defaultdict(dict)  # by page and mark: of which type

    def elements(self) -> Iterator[Any]:
        """Every element, each before what is in it."""
        waiting = [self._at(reference) for reference in reversed(self._root["K"])]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(list(self._inside(element)))

    def leave_out_margins(self) -> None:
        """Heads and feet of pages are there for the page: they interrupt whoever listens."""
        reached = {element.number for element in self.elements()}
        for number, item in enumerate(self._pdf.objects):
            if isinstance(item, dict) and item.get("Type") == "/StructElem" and number not in reached:
                self._artifact(item, "Pagination")

    def one_link(self, link: Any) -> None:
        """Of the boxes of one link, which lie in each other, the outermost leads somewhere; dots lead to a number."""
        target = self._target(link)
        for element in list(self._within(link)):
            if element["S"] == "/Link" and self._parent(element)["S"] == "/Span" and self._target(element) == target:
                self._part(element)
                self._artifact(element, "Layout")
            elif self._target(element) == target:
                self._unlink(element)
                element["S"] = "/Span"

    def scoped(self, head: Any) -> None:
        """A head in the first rows of a table is one of a column, one below is one of a row."""
        rows = self._parent(self._parent(head))["S"]
        head["A"]["Scope"] = "/Column" if rows == "/THead" else "/Row"

    def laid_out(self, table: Any) -> None:
        """A table without heads only puts pictures beside each other."""
        parts = list(self._within(table))
        if not any(part["S"] == "/TH" for part in parts):
            for part in (table, *(part for part in parts if part["S"] in ("/TBody", "/TR", "/TD"))):
                part["S"] = "/Div"
                part.pop("A", None)

    def pairs(self, listed: Any) -> None:
        """Names and what is said of them: the engine has a `Div` of two items for each."""
        for pair in self._inside(listed):
            if pair["S"] == "/Div":
                parts = [body for item in self._inside(pair) for body in self._inside(item)]
                items = list(self._inside(pair))
                pair["S"] = "/LI"
                self._fill(pair, parts)
                self._drop(*items)
                parts[0]["S"] = "/Lbl"

    def contents(self, listed: Any) -> None:
        """A list of which every item begins with a link is a table of contents."""
        items = list(self._inside(listed))
        if not all(item["S"] == "/LI" and self._leads(item) for item in items):
            return
        listed["S"] = "/TOC"
        for item in items:
            item["S"] = "/TOCI"
            (body,) = self._inside(item)
            if all(part["S"] == "/Link" for part in self._inside(body)):
                body["S"] = "/Reference"
                continue
            self._fill(item, self._inside(body))
            self._drop(body)
            for part in self._inside(item):
                part["S"] = "/Reference" if part["S"] == "/NonStruct" else part["S"]

    def mark_artifacts(self) -> None:
        """In the pages, and in the table of who owns which mark of them."""
        owners = self._at(self._root["ParentTree"])["Nums"]
        for number, reference in enumerate(self._pdf.page_references):
            marks = self._artifacts[reference]
            for mark in marks:
                owners[2 * number + 1][mark] = b"null"
            stream = self._at(self._at(reference)["Contents"]).stream
            for place, item in enumerate(stream):
                if item == b"BDC" and (kind := marks.get(stream[place - 1]["MCID"])):
                    stream[place - 2 : place] = ["/Artifact", f"<</Type /{kind}>>"]

    def _leads(self, item: Any) -> bool:
        first: Any = item
        while first["S"] != "/Link":
            inside = list(self._inside(first))
            if not inside or first["S"] not in ("/LI", "/LBody", "/NonStruct"):
                return False
            first = inside[0]
        return True

    def _artifact(self, element: Any, kind: str) -> None:
        """Takes an element and what is in it out of what is read."""
        for item in [element, *self._within(element)]:
            self._unlink(item)
            self._artifacts[item["Pg"]] |= dict.fromkeys((mark for mark in item["K"] if isinstance(mark, int)), kind)
            self._drop(item)

    def _unlink(self, element: Any) -> None:
        """Takes away where an element leads."""
        for reference in [item for item in element["K"] if self._is_link(item)]:
            element["K"].remove(reference)
            kept = self._at(reference)
            annotation = self._at(kept["Obj"])
            self._at(element["Pg"])["Annots"].remove(kept["Obj"])
            owners = self._at(self._root["ParentTree"])["Nums"]
            place = owners.index(annotation["StructParent"], 2 * len(self._pdf.page_references))
            del owners[place : place + 2]
            self._drop(kept, annotation)

    def _drop(self, *items: Any) -> None:
        """Puts nothing in the place of objects: were they marked as free, the engine would count the others wrong."""
        for item in items:
            self._pdf.objects[item.number] = _nothing(item.number)

    def _target(self, element: Any) -> str | None:
        for reference in element["K"]:
            if self._is_link(reference):
                annotation = self._at(self._at(reference)["Obj"])
                return str((annotation.get("Dest") or annotation["A"]["URI"]).string)
        return None

    def _is_link(self, item: Any) -> bool:
        return isinstance(item, bytes) and self._at(item).get("Type") == "/OBJR"

    def _part(self, element: Any) -> None:
        """Takes an element out of the one that it is in."""
        self._parent(element)["K"].remove(element.reference)

    def _fill(self, element: Any, parts: Iterable[Any]) -> None:
        found = list(parts)
        element["K"][:] = [part.reference for part in found]
        for part in found:
            part["P"] = element.reference

    def _within(self, element: Any) -> Iterator[Any]:
        for inside in self._inside(element):
            yield inside
            yield from self._within(inside)

    def _inside(self, element: Any) -> Iterator[Any]:
        for item in element["K"]:
            if isinstance(item, bytes) and (found := self._at(item)).get("Type") == "/StructElem":
                yield found

    def _parent(self, element: Any) -> Any:
        return self._at(element["P"])

    def _at(self, reference: bytes) -> Any:
        return self._pdf.objects[_number(reference)]
