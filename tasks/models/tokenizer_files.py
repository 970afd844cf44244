"""Whether the files of a tokenizer say the same: transformers goes by its settings beside `tokenizer.json`, and the
tokenizers library, which cuts the texts here, by that file alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from exhibit.tasks.records.base import InputError

ADDED = "added_tokens.json"
_CONFIG, _MAP, _FILE = "tokenizer_config.json", "special_tokens_map.json", "tokenizer.json"
_AS_IN_ITS_FILE = ("PreTrainedTokenizerFast", "TokenizersBackend")  # classes that know no such setting
# Of BERT's tokenizers: what each setting is called in the file, and what it is where nobody says.
_SETTINGS = {
    "do_lower_case": ("lowercase", True),
    "strip_accents": ("strip_accents", None),
    "tokenize_chinese_chars": ("handle_chinese_chars", True),
}
_MEND = (
    "Set the one that is wrong, or save the tokenizer of the training again: AutoTokenizer.from_pretrained(DIR)"
    ".save_pretrained(DIR)"
)


def require_same_letters(tokenizer: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raises InputError where the two say otherwise which letters are the same, or stand alone."""
    normalizer = tokenizer.get("normalizer")
    if not isinstance(normalizer, Mapping) or str(settings.get("tokenizer_class", "")) in _AS_IN_ITS_FILE:
        return
    of_bert = normalizer.get("type") == "BertNormalizer"
    for setting, (name, usual) in _SETTINGS.items():
        told, own = settings.get(setting, usual if of_bert else None), normalizer.get(name)
        known = isinstance(told, bool) and isinstance(own, bool)
        if told != own and (known or (of_bert and name in normalizer)):
            unsaid = "" if setting in settings else ", as it is where nothing is said"
            raise InputError(
                f"model.path: {_CONFIG} says {setting}: {_json(told)}{unsaid}, and {_FILE} {name}: {_json(own)}; so it "
                f"is not clear which tokens the model was trained on. {_MEND}"
            )


def require_same_tokens(
    tokenizer: Mapping[str, Any], ids: Mapping[str, int], settings: Mapping[str, Mapping[str, Any]]
) -> None:
    """Raises InputError for a token that one of the `settings`, by the names of their files, adds and `tokenizer`
    does not, or under another of its `ids`: such a word is one token to transformers."""
    parts = tokenizer.get("added_tokens")
    known = {word for part in parts if (word := _word(part)) is not None} if isinstance(parts, list) else set()
    for file, found in settings.items():
        for word, number in _added(file, found):
            if word not in known or number not in (None, ids.get(word)):
                other = f", which has it as {ids[word]}" if word in known & ids.keys() else ""
                raise InputError(
                    f"model.path: {file} adds the token {word!r}{'' if number is None else f' as {number}'}, and "
                    f"{_FILE} does not{other}; so it is not clear which tokens the model was trained on. {_MEND}"
                )


def _added(file: str, found: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    """The tokens that a file adds to a vocabulary, and their ids where it says them."""
    if file == ADDED:
        yield from ((word, number) for word, number in found.items() if isinstance(number, int))
        return
    by_id = found.get("added_tokens_decoder")
    for number, part in by_id.items() if isinstance(by_id, Mapping) else ():
        if (word := _word(part)) is not None and str(number).isdecimal():
            yield word, int(number)
    for key in ("additional_special_tokens", "extra_special_tokens"):
        more = found.get(key)
        for part in more.values() if isinstance(more, Mapping) else more if isinstance(more, list) else ():
            if (word := _word(part)) is not None:
                yield word, None


def _word(given: Any) -> str | None:
    """A token, which is written as itself or with settings of its own."""
    found = given.get("content") if isinstance(given, Mapping) else given
    return found if isinstance(found, str) else None


def _json(value: Any) -> str:
    return "null" if value is None else str(value).lower()
