"""The last pages: where everything comes from, and the config as it is printed."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from exhibit.tasks.claim import claim
from exhibit.tasks.document.spec import MANY
from exhibit.tasks.document.words import count
from exhibit.tasks.records.language import mark, tr, trp
from exhibit.tasks.records.page import Column, Table


def provenance(proof: Mapping[str, Any]) -> tuple[Table, ...]:
    """The evidence as tables to print."""
    compute, system = proof["compute"], proof["platform"]
    comma = trp("list", ", ").join
    pages = comma(f"{name} {version}" for name, version in proof["typesetting"].items())
    rows = [
        (tr("content digest"), proof["content"]),
        (tr("source digest"), proof["source"]),
        (tr("claim"), _claimed(proof)),
        (tr("platform"), comma([f"Python {system['python']}", system["system"], system["machine"]])),
        (tr("pages set by"), pages),
        (
            tr("compute"),
            tr(
                "{device}, {threads}, batches of {batch}",
                device=str(compute["device"]),
                threads=count(compute["threads"], "thread"),
                batch=str(compute["batch"]),
            ),
        ),
        (tr("deterministic"), trp("verdict", "yes") if compute["deterministic"] else trp("verdict", "no")),
    ]
    rows += _origins(proof["chapters"])
    libraries = [f"{name} {version}" for name, version in sorted(proof["libraries"].items())]
    return (
        Table(
            name="provenance",
            caption=tr(
                "What this report was made from. The full evidence is attached to the PDF. The digests of data and "
                "weights are of rows as they were read and split and of the numbers that the model has; those of the "
                "user's own files stand in the evidence."
            )
            if proof.get("local")
            else tr("What this report was made from. The full evidence is attached to the PDF."),
            columns=(Column(title=tr("what")), Column(title=tr("value"))),
            rows=tuple(rows),
        ),
        Table(
            name="libraries",
            caption=tr("Versions of the libraries that the numbers and pictures come from."),
            columns=(Column(title=tr("library")),) * 3,
            rows=tuple(tuple([*libraries[k : k + 3], "", ""][:3]) for k in range(0, len(libraries), 3)),
        ),
    )


def _claimed(proof: Mapping[str, Any]) -> str:
    """In the words of this program, where it still says the same."""
    said = claim(proof["compute"])
    return tr(said) if said == proof["claim"] else str(proof["claim"])


def _origins(chapters: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Digests of data and weights by chapter; of many chapters each digest once, as long as they are few."""
    if len(chapters) <= MANY:
        return [
            (tr("{chapter}: {what}", chapter=chapter["slug"], what=tr(said)), chapter[what]["sha256"])
            for chapter in chapters
            for what, said in _ORIGINS.items()
        ]
    origins = []
    for what, said in _ORIGINS.items():
        digests = [chapter[what]["sha256"] for chapter in chapters]
        known = dict.fromkeys(digests)
        if len(known) <= MANY:
            origins += [
                (tr("{what} of {points}", what=tr(said), points=count(digests.count(digest), "point")), digest)
                for digest in known
            ]
        else:
            origins.append((tr(said), tr("{number} digests, in the evidence", number=str(len(known)))))
    return origins


_ORIGINS = {"data": mark("data"), "weights": mark("weights")}


def printed(config: str) -> str:
    """The config as it is printed, each group on a line where it fits; of many points the first, the others being in
    the attached file; without a card and a profile, which have pages of their own."""
    whole = yaml.safe_load(config)
    document = {key: value for key, value in whole.get("document", {}).items() if key not in _APART}
    whole |= {"document": document} if document else {}
    further = len(whole["points"]) - 1
    shown = whole if further < MANY else {**whole, "points": whole["points"][:1]}
    node = yaml.compose(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True))
    _fit(node)
    text = yaml.serialize(node, allow_unicode=True, width=_LINE - _WORD)
    if shown is whole:
        return text
    more = tr("and {number} further points; config.yaml, attached, holds all", number=str(further))
    return f"# {more}\n{text}"


_APART = ("card", "profile")
_LINE, _WORD = (
    54,
    14,
)  # characters: of half a page, as there are two columns; and of a word, after which a line is broken


def _fit(node: yaml.Node | None) -> None:
    """Puts on one line what fits there and lists of single values, which may be broken."""
    if not isinstance(node, yaml.CollectionNode):
        return
    parts = [part for child in node.value for part in (child if isinstance(child, tuple) else (child,))]
    node.flow_style = True
    length = len(yaml.serialize(node, allow_unicode=True, width=10 * _LINE))
    node.flow_style = length <= _LINE - _INDENT or all(isinstance(part, yaml.ScalarNode) for part in parts)
    if not node.flow_style:
        for part in parts:
            _fit(part)


_INDENT = 16  # characters before a group, with its name
