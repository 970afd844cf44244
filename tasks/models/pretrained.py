"""A folder that `save_pretrained` of transformers wrote: which files there are, and what they say of the model. Nothing
in it is run, and nothing is fetched."""

import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from exhibit.tasks.models.tokenizer_files import ADDED, require_same_letters, require_same_tokens
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.opening import ends
from exhibit.tasks.records.shown import as_power, escaped, unread_by
from exhibit.tasks.records.spelling import Brought, of_the_tokenizers

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"
_INDEX = f"{WEIGHTS}.index.json"
_HEAD = "ForSequenceClassification"
_SAVE = "save it with model.save_pretrained(DIR) and tokenizer.save_pretrained(DIR)"
_NONE = 10**7 + 1  # and more: transformers writes such a number where a tokenizer knows no limit


class Folder(NamedTuple):
    """The files of a text classifier, and what they say."""

    config: Path
    weights: tuple[Path, ...]
    brought: Brought
    about: str


def opened(path: Path) -> Folder:
    """What is in the folder `path`.

    Raises:
        InputError: for what is no folder of a text classifier that can be read without running code.
    """
    _require_folder(path)
    if find_spec("transformers") is None:
        raise InputError("model: text classifiers of Hugging Face need transformers: pip install transformers")
    config = _json(path / CONFIG)
    settings = {name: _json(path / name) for name in _BESIDE if _is_there(path / name)}
    for name, found in {CONFIG: config, **settings}.items():
        if "auto_map" in found:
            raise InputError(
                f"model.path: {path / name} names code of its own (auto_map), and trust_remote_code is refused: no "
                "code from a folder is run; give a model of an architecture that transformers has"
            )
    names = _outputs(config)
    why = "it cuts the texts; AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR) of transformers writes it"
    tokenizer = _existing(path, TOKENIZER, why)
    content = _json(tokenizer)
    require_same_letters(content, settings.get("tokenizer_config.json", {}))
    special = {**settings.get("special_tokens_map.json", {}), **settings.get("tokenizer_config.json", {})}
    weights = _weights(path)
    size = _vocabulary(config)
    ids = _ids(tokenizer)
    require_same_tokens(content, ids, settings)
    if size is not None and (beyond := max(ids.values(), default=0)) >= size:
        raise InputError(
            f"model.path: {tokenizer} has a token of id {beyond}, but the model of {CONFIG} knows {size} tokens; the "
            "two are of different models"
        )
    padding = config.get("pad_token_id")
    if isinstance(padding, int) and padding > _LARGEST:
        raise InputError(
            f"model.path: pad_token_id of {CONFIG} is {as_power(padding)}, and no model has so many tokens"
        )
    if not isinstance(padding, int) or padding < 0:
        padding = ids.get(_token(special.get("pad_token")) or "", 0)
    mask = _token(special.get("mask_token"))
    return Folder(
        config=path / CONFIG,
        weights=weights,
        brought=Brought(
            tokenizer=tokenizer,
            most=_most(config, special),
            padding=padding,
            mask=mask if mask in ids else None,
            outputs=names,
        ),
        about=_about(config),
    )


_LARGEST = 100_000_000  # ids, as `Brought` has it
_BESIDE = ("tokenizer_config.json", "special_tokens_map.json", ADDED)


def _require_folder(path: Path) -> None:
    if _is_there(path, stat.S_ISDIR):
        return
    if _is_there(path):
        raise InputError(f"model.path: {path} is a file; give the folder that holds it: {_CONTENT}")
    hint = ""
    if _HUB_NAME.fullmatch(str(path)):
        hint = (
            f"; if it is a name on the hub: nothing is fetched here, so download it once where there is a network (hf "
            f"download {path} --local-dir DIR) and give model.path=DIR"
        )
    raise InputError(f"model.path: there is no folder {path}{hint or f'; give one with {_CONTENT}'}")


_CONTENT = f"{CONFIG}, {WEIGHTS} and {TOKENIZER}"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def _is_there(path: Path, is_kind: Callable[[int], bool] = bool) -> bool:
    """Whether something of the kind is there.

    Raises:
        InputError: where that cannot be asked: of a name that is too long, or in a folder that may not be searched.
    """
    try:
        return is_kind(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"model.path: {str(path)[:200]} cannot be opened ({why}); give a folder that can") from error


def _existing(folder: Path, name: str, why: str) -> Path:
    """The regular file of that name."""
    path = folder / name
    if not _is_there(path):
        raise InputError(f"model.path: {folder} has no {name}; {why}")
    if not ends(path) or not os.access(path, os.R_OK):
        raise InputError(f"model.path: {path} is no regular file that this user may read")
    return path


def _json(path: Path) -> dict[str, Any]:
    file = _existing(path.parent, path.name, f"a folder of a model holds {_CONTENT}: {_SAVE}")
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"model.path: {file} is no JSON: {unread_by(error)}") from error
    if not isinstance(found, dict):
        raise InputError(f"model.path: {file} is no JSON object of settings")
    return found


def _weights(folder: Path) -> tuple[Path, ...]:
    """The files of the weights; those of a large model are several, with an index."""
    from safetensors import SafetensorError, safe_open

    names = sorted(path.name for path in folder.iterdir())
    if _INDEX in names and WEIGHTS not in names:
        parts = _json(folder / _INDEX).get("weight_map")
        files = sorted(set(map(str, parts.values()))) if isinstance(parts, Mapping) else []
        if strange := [name for name in files if Path(name).name != name]:
            raise InputError(f"model.path: {folder / _INDEX} leads out of its folder, to {strange[0]!r}")
        found = tuple(_existing(folder, name, f"{_INDEX} names it") for name in (_INDEX, *files))
    elif WEIGHTS in names:
        found = (_existing(folder, WEIGHTS, ""),)
    else:
        others = [name for name in names if name.endswith(_NOT_READ)]
        seen = f"; {others[0]} is not opened: a pickle runs code when it is read" if others else ""
        raise InputError(f"model.path: {folder} has no {WEIGHTS}{seen}; {_SAVE}, which writes safetensors")
    for file in found:
        if file.suffix == ".safetensors":
            try:
                with safe_open(file, framework="np"):
                    pass
            except (SafetensorError, OSError) as error:
                raise InputError(f"model.path: {file} cannot be read as safetensors: {unread_by(error)}") from error
    return found


_NOT_READ = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")


def _ids(tokenizer: Path) -> dict[str, int]:
    """The id of each token."""
    from tokenizers import Tokenizer

    with of_the_tokenizers(tokenizer):
        found: dict[str, int] = Tokenizer.from_str(tokenizer.read_text(encoding="utf-8")).get_vocab()
    return found


def _outputs(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the classes; none for a model that gives one value.

    Raises:
        InputError: for a model that gives something else than the scores of classes or one value.
    """
    architectures = _architectures(config)
    if strange := [name for name in architectures if not name.endswith(_HEAD)]:
        raise InputError(
            f"model.path: it holds a {strange[0]}, which gives no scores of classes; a text is explained to a "
            f"...{_HEAD}: fine-tune it with AutoModelForSequenceClassification and save that"
        )
    if config.get("is_encoder_decoder"):
        raise InputError(
            "model.path: it is an encoder with a decoder, which reads its text twice, so that no one place embeds its "
            "words; models of one of the two are explained"
        )
    if config.get("quantization_config") is not None:
        raise InputError(
            "model.path: its weights are quantised, which no gradient leads through; save it in float32, float16 or "
            "bfloat16"
        )
    given = config.get("id2label") or {str(number): f"LABEL_{number}" for number in range(_TWO)}
    if not isinstance(given, Mapping) or not all(key.isdecimal() and key.isascii() for key in given):
        raise InputError(
            f"model.path: id2label of {CONFIG} names the outputs by their numbers, as "
            '{"0": "bad", "1": "good"}, and here it is ' + escaped(repr(given))[:100]
        )
    names = tuple(str(given[key]) for key in sorted(given, key=int))
    problem = config.get("problem_type")
    if problem == "multi_label_classification":
        raise InputError(
            f"model.path: its {len(names)} labels are judged one by one (problem_type multi_label_classification), and "
            "one decision is explained at a time; give a model of one of them with two outputs, no and yes, through "
            "model=factory"
        )
    if len(names) == 1 and problem in (None, "regression"):
        return ()
    if len(names) == 1 or problem == "regression":
        raise InputError(
            f"model.path: it has {len(names)} output{'s' * (len(names) > 1)} and the problem_type {problem}; classes "
            "have two outputs or more, and a regression one"
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"model.path: id2label of {CONFIG} calls two outputs {twice!r}; give each a name of its own")
    return names


def _architectures(config: Mapping[str, Any]) -> list[str]:
    """What the model calls itself, which is a list of one."""
    given = config.get("architectures") or []
    if not isinstance(given, list):
        raise InputError(
            f"model.path: architectures of {CONFIG} is a list of names, as "
            '["BertForSequenceClassification"], and here it is ' + escaped(repr(given))[:100]
        )
    return [str(name) for name in given]


_TWO = 2  # outputs that transformers gives a model of which nobody says how many


def _token(given: Any) -> str | None:
    """A special token, which is written as itself or with settings of its own."""
    found = given.get("content") if isinstance(given, Mapping) else given
    return found if isinstance(found, str) else None


def _most(config: Mapping[str, Any], special: Mapping[str, Any]) -> int | None:
    """The tokens of a text that model and tokenizer are made for; None where neither says."""
    told = [special.get("model_max_length"), *(config.get(name) for name in _POSITIONS)]
    known = [int(number) for number in told if isinstance(number, int | float) and 0 < number < _NONE]
    return min(known, default=None)


_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len")


def _vocabulary(config: Mapping[str, Any]) -> int | None:
    size = config.get("vocab_size")
    return size if isinstance(size, int) else None


def _about(config: Mapping[str, Any]) -> str:
    """What the model is, as its config says, in half a sentence."""
    name = next(iter(_architectures(config)), f"{config.get('model_type', 'a')} classifier")
    parts = [
        f"{config[key]} {words}"
        for keys, words in _PARTS
        for key in keys
        if isinstance(config.get(key), int)
    ]  # fmt: skip
    size = _vocabulary(config)
    known = [*parts, *([f"{size:,} tokens"] if size is not None else [])]
    half = str(config.get("dtype", config.get("torch_dtype", "")))
    widened = f"; its weights, kept in {half}, are computed with in float32" if half in ("float16", "bfloat16") else ""
    return f"{name}{': ' if known else ''}{', '.join(known)}{widened}"


_PARTS = (
    (("num_hidden_layers", "n_layer", "n_layers"), "layers"),
    (("hidden_size", "n_embd", "dim"), "units"),
    (("num_attention_heads", "n_head", "n_heads"), "heads"),
)
