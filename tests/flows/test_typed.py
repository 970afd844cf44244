"""Facts of what is typed: every text has a form that Hydra and a shell read as that text, and our advice is in it."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from exhibit.flows.config import read_report
from exhibit.flows.errors import ConfigError
from exhibit.tasks.document.spec import DocumentSpec
from exhibit.tasks.records.override import typed, typed_by_name

# What the grammars of Hydra, OmegaConf and the shell all read in their own way, and any other letter.
_SIGNS = st.sampled_from("\\\"'${}[](),:=#~*?!&|;<>` ab7.-_\n") | st.characters(
    exclude_categories=["Cs"], exclude_characters="\0"
)
_TEXTS = st.text(_SIGNS, max_size=8) | st.sampled_from(["true", "NULL", "inf", "1_000", "7", "-0.5", "nan", "Größe"])
PARSER = OverridesParser.create()


def as_read(words: str) -> object:
    """What comes of words that were typed into a shell."""
    [override] = shlex.split(words)
    parsed = PARSER.parse_override(override)
    return OmegaConf.to_container(OmegaConf.create({"value": parsed.value()}), resolve=True)


@given(_TEXTS)
def test_a_text_is_read_as_it_was_meant(text: str) -> None:
    assert as_read(typed("title", text)) == {"value": text}


def test_names_that_no_key_can_be_go_into_a_file_as_words() -> None:
    """A 01 that YAML would read as 1 stands in quotes."""
    assert typed_by_name("data.classes", {"a": "low"}) == "'data.classes={a:low}'"
    assert typed_by_name("data.classes", {"01": "low", "2": "high"}) == (
        'classes: {"01": low, "2": high} in a YAML of your own'
    )


@given(st.lists(_TEXTS, max_size=3))
def test_a_list_of_texts_is_read_as_it_was_meant(texts: list[str]) -> None:
    assert as_read(typed("data.ignore", texts)) == {"value": texts}


@pytest.mark.parametrize(
    ("override", "advice"),
    [
        ("data.label=Größe", "'data.label=\"Größe\"'"),
        ("data.path=a b/Größe.csv", "'data.path=\"a b/Größe.csv\"'"),
        ("data.ignore=[申込日]", "'data.ignore=[\"申込日\"]'"),
        (
            "data.ignore=[plain,'quoted ü',Größe (cm),３]",
            "'data.ignore=[plain,'\"'\"'quoted ü'\"'\"',\"Größe (cm)\",\"３\"]'",
        ),
        ("title=a(b", "'title=\"a(b\"'"),
        ("title='a", "'title=\"'\"'\"'a\"'"),
        ("study=Größe", "'study=\"Größe\"'"),
    ],
)
def test_what_the_grammar_does_not_read_is_told_in_the_form_that_it_does(override: str, advice: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_report(["study=iris", override])
    assert "Lexer" not in str(caught.value)
    assert str(caught.value).endswith(f"stands in quotes: {advice}")
    as_read(advice)


def test_a_name_that_no_key_can_be_goes_into_a_file() -> None:
    with pytest.raises(ConfigError, match=r"^data\.names\.Größe=size: its key cannot be read.*--config-dir"):
        read_report(["study=iris", "data.names.Größe=size"])


def test_a_name_in_quotes_in_a_list_of_mappings_is_told_in_the_form_without() -> None:
    with pytest.raises(ConfigError) as caught:
        read_report(["study=iris", 'data.actionable=[{"a b": up}, c]'])
    assert as_read(str(caught.value).partition("typed as: ")[2]) == {"value": [{"a b": "up"}, "c"]}


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\n", "\v", "\u202e", "\u200b", "\x1b"])
def test_a_title_is_one_line_of_letters_that_are_seen(sign: str) -> None:
    with pytest.raises(ValueError, match=rf"it holds U\+{ord(sign):04X}, and a title is one line"):
        DocumentSpec(title=f"a{sign}b")


@pytest.mark.parametrize("key", ["title", "document.title"])
def test_a_title_of_two_lines_is_refused_where_it_is_typed(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{key}: it holds U\+2028, and"):
        read_report(["study=iris", f'{key}="a\u2028b"'])


@pytest.mark.parametrize("title", ["7", "true", "1.5"])
def test_a_title_that_is_no_text_is_told_how_it_becomes_one(title: str) -> None:
    for key in ("title", "document.title"):
        with pytest.raises(
            ConfigError, match=rf"^{key}: given {title}, allowed: text.*; type ".replace("true", "True")
        ) as caught:
            read_report(["study=iris", f"{key}={title}"])
        advice = str(caught.value).partition("; type ")[2].partition(", or ")[0]
        assert as_read(advice) == {"value": title}


@pytest.mark.parametrize(
    "group",
    [
        "study",
        "data",
        "model",
        "method",
        "target",
        "selection",
        "check",
        "behaviour",
        "drawing",
        "document",
        "runner",
        "compute",
    ],
)
@pytest.mark.parametrize("value", ["null", "[null]", "[1]", "[[a]]", "{a: b}", "glob(nothing*)"])
def test_every_group_wants_the_name_of_an_option(group: str, value: str) -> None:
    with pytest.raises(ConfigError, match=r"the name of an option was expected; allowed: |stands for no value"):
        read_report(["study=iris", f"{group}={value}"])


@pytest.mark.parametrize("group", ["data", "model", "selection", "target", "document", "compute", "study"])
def test_no_option_at_all_is_wanted_only_of_a_group_that_may_have_none(group: str) -> None:
    """Hydra would speak of an override that nobody typed, or go on without the settings of the group."""
    with pytest.raises(ConfigError, match=rf"^{group}=\[\]: the name of an option was expected; allowed: "):
        read_report(["data=table", "model=mlp", "method=occlusion", f"{group}=[]"])


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("data.classes=1_000", "data.classes: given 1000, allowed: keys with values or a list, each text"),
        ("data.classes={a: [b]}", "data.classes.a: given ['b'], allowed: text"),
        ("data.classes=[[b]]", "data.classes.0: given ['b'], allowed: text"),
        (
            "data.missing=null",
            "data.missing: given None, allowed: refuse, exclude, mean, median, constant, category or",
        ),
        (
            "data.missing={a: b}",
            "data.missing.a: given 'b', allowed: refuse, exclude, mean, median, constant, category or",
        ),
    ],
)
def test_of_a_key_that_takes_several_kinds_of_values_nothing_is_said_in_terms_of_the_program(
    override: str, said: str
) -> None:
    """Such as `function-before[_some(), dict[str,str]]`, which is no key."""
    with pytest.raises(ConfigError) as caught:
        read_report(["data=table", "data.path=a.csv", "data.label=b", "model=mlp", "method=occlusion", override])
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_brackets_without_an_end_of_depth_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^title=\[+\.\.\.: brackets stand in brackets too often to be read$"):
        read_report(["study=iris", f"title={'[' * 2_000}{']' * 2_000}"])


@pytest.mark.parametrize("override", ["title=\udcff", "data.path=\udcff.csv", "model.hidden=8,\udcff"])
def test_bytes_that_are_no_utf_8_are_refused(override: str) -> None:
    with pytest.raises(ConfigError, match=r"\\udcff.*no UTF-8; rename"):
        read_report(["study=iris", override])


@pytest.mark.parametrize(
    "issued", ["0001-01-01", "9999-12-31", "9999-12-31T23:00:00-05:00", "0001-01-01T00:00:00+09:00", "1900-01-01"]
)
def test_a_date_that_no_file_can_bear_is_refused(issued: str) -> None:
    with pytest.raises(ConfigError, match=r"^document\.issued: the year \d+ was given; it must lie between"):
        read_report(["study=iris", f"document.issued={issued}"])
