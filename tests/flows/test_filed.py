"""Cards and profiles as a config names them: options, files of one's own, and what is said of those that are none."""

import json
import os
from pathlib import Path

import pytest

from exhibit.flows.compose import option_files
from exhibit.flows.config import read_report
from exhibit.flows.engine import Inline
from exhibit.flows.errors import ConfigError
from exhibit.flows.filed import FILED, with_files
from exhibit.flows.progress import Watch
from exhibit.flows.report import explain
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.profile import REFERENCES

CLAUSE = "title: t\nsource: s\nversion: 1\nclauses:\n  - {{id: 2(b), title: x, answers: {}}}\n"


def read(*overrides: str) -> tuple[Card | None, dict[str, str]]:
    document = read_report(["study=iris", *overrides]).document
    return document.model_card, document.stated(own=True)


def said(tmp_path: Path, text: str | bytes, key: str = "card") -> str:
    """What is said of a file."""
    path = tmp_path / "mine.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as error:
        with_files({key: str(path)}, {key: {}})
    before, where, message = str(error.value).partition(f"document.{key}: {path}: ")
    assert where
    assert not before
    return message


@pytest.mark.parametrize("key", FILED)
def test_every_option_is_valid_and_none_is_none(key: str) -> None:
    names = [file.stem for file in option_files(key)]
    options = {key: {file.stem: file for file in option_files(key)}}
    assert [name for name in names if with_files({key: name}, options)[key] is None] == ["none"]


def test_the_template_has_every_field_and_states_none() -> None:
    (file,) = [file for file in option_files("card") if file.stem == "template"]
    keys = [line.partition(":")[0] for line in file.read_text().splitlines() if not line.startswith("#")]
    assert keys == list(Card.model_fields)
    card, _ = read("document.card=template")
    assert card is not None
    assert card.not_stated == tuple(Card.model_fields)


def test_values_of_a_file_are_the_texts_that_stand_there(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("version: 3.10\ntier: no\nname: 2026-01-02\nowner: ~\nusers: [a, 1e3]\n")
    card, _ = read(f"document.card={tmp_path}/c.yaml")
    assert card is not None
    assert (card.version, card.tier, card.name, card.owner) == ("3.10", "no", "2026-01-02", None)
    assert card.users == ("a", "1e3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ownr: me", "ownr: there is no such key; allowed: assumptions"),
        ("ownr: me", "did you mean owner?"),
        ("owner: ''", "owner: it is blank"),
        ('owner: " \\t "', "owner: it is blank"),
        ("users: [a, ' ']", "users.1: it is blank"),
        ("owner: [a]", "owner: given ['a'], allowed: text or null"),
        ("owner: !!int 3", "owner: given 3, allowed: text or null"),
        ("owner: !!python/object:os.system x", "line 1: could not determine a constructor"),
        ("users: {a: b}", "users: given {'a': 'b'}, allowed: a list"),
        ("risks: [{risk: a}]", "risks.0.met_by: a value must be given"),
        ("risks: none", "risks: given 'none', allowed: a list"),
        ("users: []", "users: given [], allowed: a list"),
        ("- a", "it is no mapping"),
        ("just words", "it is no mapping"),
        ("", "it is no mapping"),
        ("a: b: c", "line 1: mapping values are not allowed here"),
        ("owner: a\nowner: b", "line 2: owner is given twice"),
        ("? [a]\n: b", "line 1: a key is not a word"),
        ("a: &x b\nowner: *x", "line 2: an alias (*)"),
        ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]", "line 2: an alias (*)"),
        ("owner: a\n---\nowner: b", "line 2: but found another document"),
        ("users: " + "[" * 2000 + "]" * 2000, "it is nested too deeply"),
        ('owner: "a\\ud800"', "owner: given 'a"),
        ('owner: "a\\0"', "owner: it holds U+0000"),
        ('owner: "a\\u202Eb"', "owner: it holds U+202E"),
        ('citation: "a\\uFEFFb"', "citation: it holds U+FEFF"),
        ("owner: a\x07", "it is no YAML"),
        (b"owner: \xff\xfe", "it is not UTF-8 (byte 7)"),
        ("owner: " + "a" * 300_000, "it is larger than 256 KiB"),
    ],
)
def test_what_is_no_card_is_said_in_a_sentence(tmp_path: Path, text: str | bytes, expected: str) -> None:
    message = said(tmp_path, text)
    assert expected in message
    assert "\n" not in message


def test_a_key_is_named_with_all_fields_that_there_are(tmp_path: Path) -> None:
    message = said(tmp_path, "ownr: me")
    assert message.startswith("ownr: there is no such key")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, expected in (
        ("missing.yaml", "there is no such file"),
        ("pipe.yaml", "it is no regular file"),
        (".", "it is no regular file"),
        ("a" * 300 + ".yaml", "it cannot be read"),
    ):
        with pytest.raises(ConfigError) as error:
            with_files({"card": f"{tmp_path}/{name}"}, {"card": {}})
        assert str(error.value).startswith(f"document.card: {tmp_path}/{name}: {expected}")


def test_a_name_that_is_no_option_and_no_file_is_said() -> None:
    with pytest.raises(ConfigError, match=r"no such option; allowed: .*did you mean iris\?; or give a YAML file"):
        read("document.card=irs")
    with pytest.raises(ConfigError, match="given 3; the name of an option, a YAML file or its fields are expected"):
        read("document.card=3")
    with pytest.raises(ConfigError, match=r"type document\.card=iris"):
        read("card=iris")


def test_fields_may_be_given_in_the_config_itself() -> None:
    card, stated = read("document.card={owner: Botany, users: [a, b]}")
    assert card is not None
    assert (card.owner, card.users) == ("Botany", ("a", "b"))
    assert stated["owner"] == "Botany"
    card, _ = read("document.card.owner=Botany")
    assert card is not None
    assert card.owner == "Botany"
    with pytest.raises(ConfigError, match=r"document\.card\.ownr: there is no such key.*did you mean owner"):
        read("document.card={ownr: x}")


def test_a_config_with_a_card_is_read_again_as_it_was() -> None:
    """As the evidence keeps it."""
    first = read_report(["study=iris", "document.card=iris", "document.profile=nist_ai_rmf"]).document
    again = type(first).model_validate(json.loads(first.model_dump_json()))
    assert again == first


def test_settings_of_the_document_fill_what_a_card_leaves_empty() -> None:
    card, stated = read("document.card={name: n}", "document.owner=Botany", "document.purpose=to show")
    assert card is not None
    assert (card.owner, card.intended_use) == ("Botany", ("to show",))
    assert stated["not stated"] == "date of the model and date of the data"  # what a card lacks is counted with it
    assert "model card" in read()[1]["not stated"]


def test_what_is_said_twice_is_said_alike() -> None:
    read("document.card={owner: Botany}", "document.owner=Botany")
    for setting, field in (("owner", "owner"), ("version", "version"), ("purpose", "intended_use")):
        with pytest.raises(ConfigError, match=rf"document\.{setting} is 'a', and its field {field} is 'b'"):
            read(f"document.card={{{field}: b}}", f"document.{setting}=a")


@pytest.mark.parametrize(
    "reference", ["card.ownr", "section.chapters", "figure.", "owner", "cards.owner", "number.x.y"]
)
def test_a_clause_that_points_nowhere_is_refused(tmp_path: Path, reference: str) -> None:
    message = said(tmp_path, CLAUSE.format(f"[card.owner, {reference}]"), "profile")
    assert f"clause '2(b)': '{reference}' points nowhere; valid are " in message
    kind = reference.partition(".")[0]
    for what in [kind] if kind in REFERENCES else REFERENCES:
        assert all(f"{what}.{name}" in message for name in REFERENCES[what])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: t\nsource: s\nversion: 1\nclauses: []", "clauses: given [], allowed: a list of at least 1 value"),
        ("title: t\nsource: s\nclauses: [{id: 1, title: x}]", "version: a value must be given"),
        (
            "title: t\nsource: s\nversion: 1\nclauses: [{id: 1, title: x}, {id: 1, title: y}]",
            "the clause '1' is given more than once",
        ),
        (CLAUSE.format("{a: b}"), "clauses.0.answers: given {'a': 'b'}, allowed: a list"),
    ],
)
def test_what_is_no_profile_is_said_in_a_sentence(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in said(tmp_path, text, "profile")


def test_a_letter_that_no_font_has_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    paths = [f"paths.{name}={tmp_path}/{name}" for name in ("runs", "store")]
    report = read_report(["study=iris", 'document.card={owner: "𓀀"}', "document.missing_glyphs=refuse", *paths])
    with Watch() as watch, pytest.raises(InputError, match=r"U\+13000"):
        explain(report, [], Inline(), watch)
    assert not list(tmp_path.rglob("objects/*/*"))
