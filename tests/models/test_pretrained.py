"""Folders that are no text classifier: one sentence that says what to do, before anything long."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from exhibit.flows.config import read_report
from exhibit.tasks.models import pretrained
from exhibit.tasks.models.torch_transformers import _library
from exhibit.tasks.models.transformers import TransformersSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from tests.classifiers import changed, reviews, saved, wordpiece
from tests.models.test_transformers import read, write


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("bert") / "bert", "bert", reviews()[0])


@pytest.fixture
def folder(bert: Path, tmp_path: Path) -> Path:
    shutil.copytree(bert, tmp_path / "model")
    return tmp_path / "model"


def without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def with_settings(name: str = "config.json", **settings: object) -> Callable[[Path], object]:
    return lambda folder: changed(folder, name, **settings)


def beside(name: str, **settings: object) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(json.dumps(settings))


def in_tokenizer(folder: Path, **settings: object) -> None:
    found = json.loads((path := folder / "tokenizer.json").read_text())
    path.write_text(json.dumps(found | {"normalizer": found["normalizer"] | settings}))


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def cut_short(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def index_beyond(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../secret.safetensors"}}))


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (without("config.json"), "has no config.json"),
    "no tokenizer": (without("tokenizer.json"), "has no tokenizer.json; it cuts the texts"),
    "no weights": (without("model.safetensors"), r"has no model.safetensors; save it with model.save_pretrained"),
    "a pickle": (pickled, r"pytorch_model.bin is not opened: a pickle runs code .* writes safetensors"),
    "half the weights": (cut_short, "model.safetensors cannot be read as safetensors"),
    "an index that leads out": (index_beyond, r"leads out of its folder, to '../secret.safetensors'"),
    "a config that is no JSON": (lambda folder: (folder / "config.json").write_text("{"), "config.json is no JSON"),
    "a list": (lambda folder: (folder / "config.json").write_text("[]"), "no JSON object"),
    "code of its own": (with_settings(auto_map={"AutoConfig": "x.Y"}), r"auto_map\), and trust_remote_code is refused"),
    "a tokenizer with code": (with_settings("tokenizer_config.json", auto_map={}), "tokenizer_config.json names code"),
    "a spoiled tokenizer": (lambda folder: (folder / "tokenizer.json").write_text("{}"), "by the tokenizers library"),
    "capitals in two ways": (
        with_settings("tokenizer_config.json", do_lower_case=False, tokenizer_class="BertTokenizer"),
        "says do_lower_case: false, and tokenizer.json lowercase: true",
    ),
    "accents in two ways": (
        with_settings("tokenizer_config.json", strip_accents=False, tokenizer_class="BertTokenizer"),
        "says strip_accents: false, and tokenizer.json strip_accents: null",
    ),
    "ideographs in two ways": (
        with_settings("tokenizer_config.json", tokenize_chinese_chars=False, tokenizer_class="BertTokenizerFast"),
        "says tokenize_chinese_chars: false, and tokenizer.json handle_chinese_chars: true",
    ),
    "capitals of which nothing is said": (
        lambda folder: ((folder / "tokenizer_config.json").unlink(), in_tokenizer(folder, lowercase=False)),
        "says do_lower_case: true, as it is where nothing is said, and tokenizer.json lowercase: false",
    ),
    "a token that is added beside": (
        beside("added_tokens.json", smiley=84),
        r"added_tokens.json adds the token 'smiley' as 84, and tokenizer.json does not; so it is not clear",
    ),
    "a token that the settings add": (
        with_settings("tokenizer_config.json", added_tokens_decoder={"84": {"content": "smiley"}}),
        r"tokenizer_config.json adds the token 'smiley' as 84, and tokenizer.json does not",
    ),
    "a special token that the settings add": (
        beside("special_tokens_map.json", additional_special_tokens=["the"]),
        r"special_tokens_map.json adds the token 'the', and tokenizer.json does not",
    ),
    "a token of another id": (
        beside("added_tokens.json", **{"[CLS]": 84}),
        r"adds the token '\[CLS\]' as 84, and tokenizer.json does not, which has it as 2",
    ),
    "another head": (with_settings(architectures=["BertForMaskedLM"]), "a BertForMaskedLM, which gives no scores"),
    "several labels": (with_settings(problem_type="multi_label_classification"), "judged one by one"),
    "several values": (with_settings(problem_type="regression"), "has 2 outputs and the problem_type regression"),
    "an encoder with a decoder": (with_settings(is_encoder_decoder=True), "reads its text twice"),
    "quantised weights": (with_settings(quantization_config={"bits": 4}), "quantised"),
    "two outputs of one name": (with_settings(id2label={"0": "bad", "1": "bad"}), "calls two outputs 'bad'"),
    "another tokenizer": (with_settings(vocab_size=12), "the two are of different models"),
    "a folder for a file": (
        lambda folder: ((folder / "config.json").unlink(), (folder / "config.json").mkdir()),
        "no regular file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(SPOILED))
def test_a_folder_that_is_no_classifier_is_refused_when_it_is_named(case: str, folder: Path, tmp_path: Path) -> None:
    spoil, said = SPOILED[case]
    spoil(folder)
    table = write(tmp_path / "reviews.csv", *reviews(8))
    words = [f"model.path={folder}", "model=transformers", "data=text", f"data.path={table}", "data.text=review"]
    with pytest.raises(InputError, match=said) as refused:
        read_report([*words, "data.label=verdict", "method=[occlusion]"])
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("model.path: ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bert-base-uncased", "nothing is fetched here, so download it once .*hf download bert-base-uncased"),
        ("org/some-model", "hf download org/some-model --local-dir DIR"),
        ("/no/such/folder", "there is no folder /no/such/folder; give one with config.json"),
        ("a" * 5000, "model.path: a{200} cannot be opened .File name too long.; give a folder that can"),
    ],
)
def test_what_is_no_folder_is_no_name_on_the_hub_either(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        TransformersSpec(path=Path(name)).brings()


def test_a_file_is_no_folder(bert: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json is a file; give the folder that holds it"):
        TransformersSpec(path=bert / "config.json").brings()


def test_a_missing_library_is_named_with_what_installs_it(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install transformers"):
        TransformersSpec(path=bert).brings()


def test_weights_without_the_classifier_are_not_filled_up_at_random(folder: Path, tmp_path: Path) -> None:
    """A body alone, whose config says that it is a classifier."""
    with _library() as library:
        library.AutoModel.from_pretrained(folder).save_pretrained(folder)
    changed(folder, "config.json", architectures=["BertForSequenceClassification"])
    spec, data = read(folder, write(tmp_path / "reviews.csv", *reviews(8)))
    with pytest.raises(InputError, match=r"lack classifier\.bias, classifier\.weight, which would be drawn at random"):
        spec.fit(data, Compute(), silent)


def test_data_that_no_tokenizer_reads_are_refused_with_what_does(bert: Path) -> None:
    with pytest.raises(InputError, match=r"data=iris gives none that are not cut yet; .* use data=text data.path"):
        read_report(["data=iris", "model=transformers", f"model.path={bert}", "method=[occlusion]"])


def test_its_limit_padding_mask_and_outputs_are_read_from_the_folder(folder: Path) -> None:
    brought = TransformersSpec(path=folder).brings()
    assert brought is not None
    assert (brought.most, brought.padding, brought.mask, brought.outputs) == (40, 0, "[MASK]", ("bad", "good"))
    changed(folder, "tokenizer_config.json", model_max_length=24, mask_token=None)
    changed(folder, "config.json", id2label={"0": "no", "1": "maybe", "10": "other", "2": "yes"})
    brought = TransformersSpec(path=folder).brings()
    assert brought is not None
    assert (brought.most, brought.mask, brought.outputs) == (24, None, ("no", "maybe", "yes", "other"))


def test_half_precision_is_widened_and_said(tmp_path: Path) -> None:
    folder = saved(tmp_path / "half", "bert", reviews()[0], dtype=torch.bfloat16)
    spec, data = read(folder, write(tmp_path / "reviews.csv", *reviews(8)))
    weights = spec.fit(data, Compute(), silent)
    assert {str(array.dtype) for array in weights.arrays.values()} <= {"float32", "int64", "uint8"}
    assert "kept in bfloat16, are computed with in float32" in spec.architecture


def test_an_edit_of_any_file_is_another_model(folder: Path, tmp_path: Path) -> None:
    """By digest: in the key of the weights or of the data."""
    from exhibit.tasks.stages.restore import spec_with_digests

    table = write(tmp_path / "reviews.csv", *reviews(8))

    def keys() -> tuple[str, str]:
        words = ["model=transformers", f"model.path={folder}", "data=text", f"data.path={table}", "data.text=review"]
        point = read_report([*words, "data.label=verdict", "method=[occlusion]"]).points[0]
        return str(spec_with_digests(point.model)), str(point.data.spec_with_digests())

    before = keys()
    assert str(folder) not in "".join(before)
    found = [before]
    wordpiece(reviews()[0], size=83).save(str(folder / "tokenizer.json"))
    found.append(keys())
    changed(folder, "config.json", hidden_act="relu")
    found.append(keys())
    whole = bytearray((folder / "model.safetensors").read_bytes())
    whole[-1] ^= 1
    (folder / "model.safetensors").write_bytes(whole)
    found.append(keys())
    assert len(set(found)) == len(found)


@pytest.mark.slow(15)
def test_a_torchvision_that_does_not_fit_is_not_seen_whoever_loaded_transformers(bert: Path) -> None:
    """As torch_geometric does, for molecules: it is then known to transformers as one that is there."""
    code = (
        "import torch_geometric, sys; assert 'transformers' in sys.modules\n"
        "from transformers.utils.import_utils import is_torchvision_available\n"
        "assert is_torchvision_available()\n"
        "from exhibit.tasks.models.torch_transformers import _library\n"
        "with _library() as library: library.AutoModelForSequenceClassification.from_pretrained(sys.argv[1])\n"
        "assert sys.modules.get('torchvision') is None"
    )
    done = subprocess.run([sys.executable, "-c", code, str(bert)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
