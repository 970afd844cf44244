"""The page for signatures: a field for each role, empty when the report is sealed, and what fills it says."""

from collections.abc import Iterator
from typing import Any, Literal

from exhibit.tasks.catalogues import languages, spoken
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.language import ENGLISH, mark, tr

Decision = Literal["approved", "approved_with_conditions", "rejected"]
DECISIONS: dict[Decision, str] = {
    "approved": mark("approved"),
    "approved_with_conditions": mark("approved with conditions"),
    "rejected": mark("rejected"),
}
Rectangle = tuple[float, float, float, float]  # left, bottom, right, top, in points

ANCHOR = "signoff-"  # before the role: what the box on the page is called
_POINTS = 0.75  # of a CSS pixel
_PRINTED_AND_LOCKED = 4 + 128  # flags of an annotation (ISO 32000-2, table 167)
_APPEND_ONLY = 1 + 2  # flags of a form with signatures (ISO 32000-2, table 225)


class Said(Record):
    """What a signer states: in which role, who, the decision, and a comment. It is signed as /Name and /Reason."""

    role: str
    name: str
    decision: Decision
    comment: str = ""

    @property
    def reason(self) -> str:
        """As it is signed: "validator: approved", or "owner: rejected: too few rows"."""
        return ": ".join([self.role, self.decision, *filter(None, [self.comment])])

    @classmethod
    def of(cls, name: str, reason: str) -> "Said":
        """What stands in a signature.

        Raises:
            ValueError: where it is not written in this way.
        """
        role, decision, comment = (*reason.split(": ", 2), "")[:3]
        return cls.model_validate({"role": role, "name": name, "decision": decision, "comment": comment})


def add_fields(document: Any, pdf: Any) -> None:
    """Puts an empty field for a signature into every box of the page that is prepared for them. `document`: of
    WeasyPrint, laid out; `pdf`: of pydyf, with its tags mended."""
    with spoken(known_language(pdf.catalog["Lang"].string if "Lang" in pdf.catalog else ENGLISH)):
        fields = [_field(pdf, name.removeprefix(ANCHOR), number, box) for number, name, box in _boxes(document, pdf)]
    if fields:
        import pydyf

        form = pydyf.Dictionary({"Fields": pydyf.Array(fields), "SigFlags": _APPEND_ONLY})
        pdf.add_object(form)
        pdf.catalog["AcroForm"] = form.reference


def _boxes(document: Any, pdf: Any) -> Iterator[tuple[int, str, Rectangle]]:
    """By number of the page and name, where boxes for signatures lie."""
    for number, page in enumerate(document.pages):
        height = pdf.objects[int(pdf.page_references[number].split()[0])]["MediaBox"][3]
        for name, (left, top, right, bottom) in page.anchors.items():
            if name.startswith(ANCHOR):
                x1, y1, x2, y2 = (_POINTS * length for length in (left, bottom, right, top))
                yield number, name, (x1, height - y1, x2, height - y2)


def _field(pdf: Any, role: str, number: int, box: Rectangle) -> bytes:
    """A field with its tag and its place on a page."""
    import pydyf

    at = {"left": box[0], "bottom": box[1], "right": box[2], "top": box[3]}
    empty = pydyf.Stream(
        [],
        {
            "Type": "/XObject",
            "Subtype": "/Form",
            "BBox": pydyf.Array([0, 0, round(at["right"] - at["left"], 3), round(at["top"] - at["bottom"], 3)]),
        },
    )
    pdf.add_object(empty)
    tree = pdf.objects[int(pdf.catalog["StructTreeRoot"].split()[0])]
    owners = pdf.objects[int(tree["ParentTree"].split()[0])]["Nums"]
    key = max(owners[::2]) + 1
    reference = pdf.page_references[number]
    page = pdf.objects[int(reference.split()[0])]
    field = pydyf.Dictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Widget",
            "FT": "/Sig",
            "T": pydyf.String(role),
            "TU": pydyf.String(tr("Signature of the {role}", role=in_words(role))),
            "F": _PRINTED_AND_LOCKED,
            "Rect": pydyf.Array([round(length, 3) for length in box]),
            "P": reference,
            "StructParent": key,
            "AP": pydyf.Dictionary({"N": empty.reference}),
        }
    )
    pdf.add_object(field)
    page.setdefault("Annots", pydyf.Array()).append(field.reference)
    owner = pydyf.Dictionary({"Type": "/OBJR", "Obj": field.reference, "Pg": reference})
    pdf.add_object(owner)
    root = pdf.objects[int(tree["K"][0].split()[0])]
    element = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/Form",
            "P": root.reference,
            "Pg": reference,
            "K": owner.reference,  # alone, not in a list: pyHanko knows the place of a field in the tree by that
        }
    )
    pdf.add_object(element)
    root["K"].append(element.reference)
    owners.extend([key, element.reference])
    return bytes(field.reference)


def known_language(said: str) -> str:
    """The language that a PDF says its pages are in; English where there are no words of that."""
    return said if said in languages() else ENGLISH


def in_words(name: str) -> str:
    """A role or a decision as it is read: approved with conditions."""
    return name.replace("_", " ")
