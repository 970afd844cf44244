"""The last pages: where everything comes from, and the config as it is printed."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from exhibit.tasks.document.spec import MANY
from exhibit.tasks.document.words import count
from exhibit.tasks.records.page import Column, Table


def provenance(proof: Mapping[str, Any]) -> tuple[Table, ...]:
    """The evidence as tables to print."""
    compute, system = proof["compute"], proof["platform"]
    pages = ", ".join(f"{name} {version}" for name, version in proof["typesetting"].items())
    rows = [
        ("content digest", proof["content"]),
        ("source digest", proof["source"]),
        ("claim", proof["claim"]),
        ("platform", f"Python {system['python']}, {system['system']}, {system['machine']}"),
        ("pages set by", pages),
        ("compute", f"{compute['device']}, {count(compute['threads'], 'thread')}, batches of {compute['batch']}"),
        ("deterministic", "yes" if compute["deterministic"] else "no"),
    ]
    rows += _origins(proof["chapters"])
    libraries = [f"{name} {version}" for name, version in sorted(proof["libraries"].items())]
    return (
        Table(
            name="provenance",
            caption="What this report was made from. The full evidence is attached to the PDF.",
            columns=(Column(title="what"), Column(title="value")),
            rows=tuple(rows),
        ),
        Table(
            name="libraries",
            caption="Versions of the libraries that the numbers and pictures come from.",
            columns=(Column(title="library"), Column(title="library"), Column(title="library")),
            rows=tuple(tuple([*libraries[k : k + 3], "", ""][:3]) for k in range(0, len(libraries), 3)),
        ),
    )


def _origins(chapters: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Digests of data and weights by chapter; of many chapters each digest once, as long as they are few."""
    if len(chapters) <= MANY:
        return [
            (f"{chapter['slug']}: {what}", chapter[what]["sha256"])
            for chapter in chapters
            for what in ("data", "weights")
        ]
    origins = []
    for what in ("data", "weights"):
        digests = [chapter[what]["sha256"] for chapter in chapters]
        known = dict.fromkeys(digests)
        if len(known) <= MANY:
            origins += [(f"{what} of {count(digests.count(digest), 'point')}", digest) for digest in known]
        else:
            origins.append((what, f"{len(known)} digests, in the evidence"))
    return origins


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
    return text if shown is whole else f"# and {further} further points; config.yaml, attached, holds all\n{text}"


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
