"""Which methods explain which models on which data: each is tried, and the page of the documentation says what came."""

import os
import re
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from exhibit import explain
from exhibit.flows.compose import option_files
from exhibit.flows.config import read_report
from exhibit.flows.given import Words, subject
from exhibit.flows.kinds import KINDS
from exhibit.tasks.held import holding
from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import InputError
from exhibit.tasks.stages.beforehand import require_meaning
from exhibit.tasks.stages.rehearsal import rehearse
from tests.conftest import ROOT
from tests.families import FAMILIES, Tried
from tests.test_contracts import members

PAGE = ROOT / "docs" / "guide" / "tried.md"
FEW = Compute(batch=8)
# What makes a method cheaper and does not change what it can explain.
CHEAP = {"n_steps": 4, "nsamples": 40, "max_evals": 40, "background": 4, "baselines": 4}
# Where a method looks, if not at the values themselves: variants of its option.
VARIANTS = ("", "_embedding", "_tokens", "_windows")


def methods() -> dict[str, list[str]]:
    """The options to try of each kind of method, the plain one first; not those that need a function of the user's."""
    known = [kind.option() for kind in members(MethodSpec) if "factory" not in kind.model_fields]
    files = {file.stem for file in option_files("method")}
    return {name: [f"{name}{more}" for more in VARIANTS if f"{name}{more}" in files] for name in sorted(known)}


def explained(family: str, kind: str, specs: dict[str, Any], store: Path) -> dict[str, str]:
    """Each kind of method, and why it does not explain a model of a family, in a sentence; empty where a report by it
    has come to its pages."""
    tried = FAMILIES[family][kind]
    about = dict(tried.further)
    words, told, preprocess = Words(names=about.get("names")), about.get("kind"), about.get("preprocess")
    found = subject(tried.model(), tried.X, None, None, preprocess, told, "auto", words, FEW)
    (point,) = read_report(
        ["data=factory", "model=factory", "method=[occlusion]", f'data.factory="{found.data}"',
         f'model.factory="{found.model}"']
    ).points  # fmt: skip
    few = found.dataset.take(slice(0, 8))
    reasons: dict[str, str] = {}
    reported: dict[str, dict[str, Any]] = {}
    for name, options in methods().items():
        for option, settings in ways(specs, options):
            asked = {option: specs[option].model_copy(update=settings)}
            try:
                with holding(found.objects):
                    require_meaning(few, point.model, asked, point.target, point.selection)
                    rehearse(few, few, point.model, asked, point.target, point.selection, FEW)
            except InputError as error:
                reasons.setdefault(name, plainly(str(error), option))
                continue
            reasons[name], reported[option] = "", cheap(specs[option]) | settings
            break
    if reported:
        come_to_pages(tried, reported, store)
    return reasons


def come_to_pages(tried: Tried, wanted: dict[str, dict[str, Any]], store: Path) -> None:
    """One report by all methods that are said to explain a model: as in `exhibit report`, what one of them gives is
    summed up, drawn and written about, and page one is printed. What ends that is no refusal, but a fault."""
    few = {"selection.limit": 4}
    found = explain(tried.model(), tried.X, method=wanted, check=[], settings=few, store=store, **tried.further)
    assert "<h1" in unescape(found._repr_html_())
    assert set(found.importances["method"]) == wanted.keys()


def ways(specs: dict[str, Any], options: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The options of a method, and its plain one at the layer that embeds where none of them looks there."""
    yield from ((option, {}) for option in options)
    if "layer" in type(specs[options[0]]).model_fields:
        yield options[0], {"layer": "embed"}


def cheap(spec: Any) -> dict[str, Any]:
    """The settings that make a method cheaper."""
    return {key: value for key, value in CHEAP.items() if spec.model_dump().get(key) == value}


def plainly(reason: str, method: str) -> str:
    """A refusal without its key, and without what it names of this model alone."""
    said = re.sub(r"^[\w.]+: ", "", reason.replace("the model factory", "the model"))
    return re.sub(r" \([^)]*\)", "", re.sub(rf"^{method} ", "it ", said))


def page(found: dict[str, dict[str, dict[str, str]]]) -> str:
    """A table for each kind of data: a row for each method, a column for each family; below it why not."""
    text = [
        "# What was tried",
        "",
        "Which methods explain which models, on which data. The suite tries each of them on the smallest model of its",
        "family (`tests/families.py`). Those that explain it make a report together, up to its pages; of the others a",
        "letter says why a report is refused. What came is compared with this page. Words and atoms are explained",
        "where the net embeds them, or by leaving them out; these nets leave out by a mask what fills up smaller",
        "molecules.",
    ]
    for kind, families in found.items():
        reasons = sorted({reason for done in families.values() for reason in done.values() if reason})
        letter = {"": "yes", **dict(zip(reasons, "abcdefghij", strict=False))}
        rows = [f"| `{name}` | {' | '.join(letter[done[name]] for done in families.values())} |" for name in methods()]
        text += ["", f"## {kind.capitalize()}", "", f"| method | {' | '.join(families)} |",
                 f"|---|{'---|' * len(families)}", *rows, ""]  # fmt: skip
        text += [f"- {letter[reason]}: {reason}." for reason in reasons]
    return "\n".join([*text, ""])


def test_every_kind_of_data_has_families() -> None:
    assert {kind for kinds in FAMILIES.values() for kind in kinds} == KINDS.keys()


@pytest.mark.slow(90)
def test_the_page_says_what_explains_what(tmp_path: Path) -> None:
    """RENEW_GOLD=1 writes it anew."""
    options = [option for names in methods().values() for option in names]
    specs = {option: _spec(option) for option in options}
    found = {
        kind: {name: explained(name, kind, specs, tmp_path) for name, kinds in FAMILIES.items() if kind in kinds}
        for kind in KINDS
    }
    none = [(kind, name) for kind, families in found.items() for name, done in families.items() if all(done.values())]
    assert none == [], "a family that nothing explains"
    if os.environ.get("RENEW_GOLD") == "1":
        PAGE.write_text(page(found), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(found)


def _spec(option: str) -> Any:
    """An option of the group, as a config has it but for what makes it dear."""
    import yaml
    from pydantic import TypeAdapter

    plain: dict[str, Any] = {}
    names = [option]
    while names:
        name = names.pop()
        (file,) = (file for file in option_files("method") if file.stem == name)
        own = yaml.safe_load(file.read_text(encoding="utf-8"))
        names += [item.partition("@")[0] for item in own.pop("defaults", []) if item != "_self_"]
        plain = own | plain
    changed = {key: value for key, value in CHEAP.items() if key in plain and plain[key] is not None}
    return TypeAdapter(MethodSpec).validate_python(plain | changed)
