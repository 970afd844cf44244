"""Text classifiers of transformers from folders: the numbers of other tools, and of plain loops."""

from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients

from exhibit.tasks.data.baselines import baseline
from exhibit.tasks.data.text import TextSpec
from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.methods.shap_partition import PartitionShapSpec
from exhibit.tasks.models.torch_transformers import TextClassifier, _library
from exhibit.tasks.models.transformers import TransformersSpec
from exhibit.tasks.protocols import Compute, Score, silent
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.stages.explaining import of_words
from tests.classifiers import FAMILIES, reviews, saved
from tests.conftest import Memory

COMPUTE = Compute(batch=32)
SHOWN = 6  # texts that are explained
STEPS = 16


class Classifier(NamedTuple):
    """A folder, the same net as transformers loads it, and the program's model on the same texts."""

    name: str
    folder: Path
    net: Any
    fast: Any
    data: Dataset
    model: TextClassifier


def write(path: Path, texts: list[str], labels: list[str] | None) -> Path:
    import pandas as pd

    columns = {"review": texts} | ({} if labels is None else {"verdict": labels})
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def read(folder: Path, table: Path, **settings: Any) -> tuple[TransformersSpec, Dataset]:
    """The choice of a model and its texts, as a config that names the folder gives them."""
    spec = TransformersSpec(path=folder)
    brought = spec.brings()
    assert brought is not None
    asked = TextSpec(**{"path": table, "text": "review", "label": "verdict", **settings})
    return spec.opened(), asked.told(brought).load(Memory())


def loaded(folder: Path) -> tuple[Any, Any]:
    """Net and tokenizer as transformers itself loads them."""
    with _library() as library:
        net = library.AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager")
        return net.eval(), library.AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("reviews") / "reviews.csv", *reviews())


@pytest.fixture(scope="module", params=list(FAMILIES))
def one(request: pytest.FixtureRequest, table: Path, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    return made(request.param, table, tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def bert(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    return made("bert", table, tmp_path_factory.mktemp("bert"))


def made(name: str, table: Path, scratch: Path) -> Classifier:
    texts, labels = reviews()  # which are explained, too: here numbers are held against other tools, no quality
    folder = saved(scratch / name, name, texts, [int(label == "good") for label in labels], epochs=8)
    spec, data = read(folder, table)
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    assert isinstance(model, TextClassifier)
    return Classifier(name, folder, *loaded(folder), data, model)


def explained(one: Classifier, method: Any, targets: Array | None = None) -> Attribution:
    """Of the first texts, by word."""
    count = min(SHOWN, len(one.data.labels))
    some = one.data.take(np.arange(count))
    targets = np.ones((count, 1), np.int64) if targets is None else targets
    located = method.located(one.model.embedding(some.arrays)) if method.asks == "gradients" else method
    layer = None if located.look is None else located.look.layer
    against = None if method.against is None else baseline(method.against.baseline, one.data, layer, np.arange(count))
    found = located.attribute(one.model, some.arrays, against, some.sample_ids, targets, Score(kind="logit"), COMPUTE)
    return of_words(found, some, some.arrays)


def texts() -> list[str]:
    return reviews()[0]


def tokens(one: Classifier, text: str) -> Any:
    return one.fast(text, return_tensors="pt", return_token_type_ids=False, return_special_tokens_mask=True)


def test_it_predicts_what_transformers_predicts_for_each_text_alone(one: Classifier) -> None:
    expected = []
    with torch.no_grad():
        for text in texts():
            found = tokens(one, text)
            expected.append(one.net(found["input_ids"], attention_mask=found["attention_mask"]).logits[0].numpy())
    np.testing.assert_allclose(one.model.predict(one.data.arrays), np.stack(expected), atol=2e-5)


def hidden_ids(one: Classifier, ids: torch.Tensor, special: torch.Tensor) -> torch.Tensor:
    """All but special tokens replaced by what stands for a hidden one."""
    token = one.fast.mask_token_id if one.fast.mask_token_id is not None else one.fast.pad_token_id
    return torch.where(special.bool(), ids, token)


def of_tokens(one: Classifier, text: str, target: int = 1) -> tuple[Array, float]:
    """Captum's integrated gradients of each own token, and S(x) - S(x')."""
    found = tokens(one, text)
    ids, special = found["input_ids"], found["special_tokens_mask"]

    def forward(words: torch.Tensor) -> torch.Tensor:
        if one.name == "gpt2":  # it reads to the last token that is no padding, which here is what hides words
            last: torch.Tensor = one.net.score(one.net.transformer(words).last_hidden_state)[:, -1]
            return last
        logits: torch.Tensor = one.net(words, attention_mask=found["attention_mask"].expand_as(words)).logits
        return logits

    before = hidden_ids(one, ids, special)
    oracle = LayerIntegratedGradients(forward, one.net.get_input_embeddings())
    parts = oracle.attribute(ids, before, target=target, n_steps=STEPS, method="riemann_middle")
    with torch.no_grad():
        apart = float(forward(ids)[0, target] - forward(before)[0, target])
    own = ~special[0].bool().numpy()
    return parts.sum(-1)[0].detach().numpy()[own], apart


def by_word(one: Classifier, row: int, values: Array) -> Array:
    """The sum over the tokens of each word of a text."""
    spelling = one.data.inputs[0].spelling
    assert spelling is not None
    counts = spelling.counts[one.data.inputs[0].array[row]]
    return np.array([part.sum() for part in np.split(values, np.cumsum(counts)[:-1])])


def test_integrated_gradients_are_those_of_captum_summed_by_word(one: Classifier) -> None:
    rule = IntegratedGradientsSpec(n_steps=STEPS, rule="midpoint")
    found = explained(one, rule)
    for row, text in enumerate(texts()[:SHOWN]):
        parts, apart = of_tokens(one, text)
        own = found.values["text"][row, ..., 0].sum(-1)
        np.testing.assert_allclose(own, by_word(one, row, parts), atol=1e-4)
        assert found.prediction[row, 0] - found.base_value[row, 0] == pytest.approx(apart, abs=1e-4)


def slopes(one: Classifier, read: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The vectors of all tokens of a text, and the gradient of the second logit there."""
    kept: list[torch.Tensor] = []
    hook = one.net.get_input_embeddings().register_forward_hook(lambda *given: kept.append(given[2]))
    logits = one.net(read["input_ids"], attention_mask=read["attention_mask"]).logits
    hook.remove()
    return kept[0], torch.autograd.grad(logits[0, 1], kept[0])[0]


def test_gradients_times_inputs_are_those_of_a_plain_backward_pass(one: Classifier) -> None:
    """By word, of its own tokens; special tokens have a part that belongs to no word."""
    found = explained(one, GradientXInputSpec())
    for row, text in enumerate(texts()[:SHOWN]):
        read = tokens(one, text)
        vectors, gradient = slopes(one, read)
        parts = (gradient * vectors).sum(-1)[0].detach().numpy()[~read["special_tokens_mask"][0].bool().numpy()]
        np.testing.assert_allclose(found.values["text"][row, ..., 0].sum(-1), by_word(one, row, parts), atol=1e-4)


def test_occlusion_is_a_plain_loop_over_words(one: Classifier) -> None:
    found = explained(one, OcclusionSpec())
    counts = one.data.inputs[0].spelling.counts[one.data.inputs[0].array]
    token = one.fast.mask_token_id if one.fast.mask_token_id is not None else one.fast.pad_token_id
    for row, text in enumerate(texts()[:SHOWN]):
        read = tokens(one, text)
        own = np.flatnonzero(~read["special_tokens_mask"][0].bool().numpy())
        places = np.split(own, np.cumsum(counts[row])[:-1])
        for word, where in enumerate(places):
            ids = read["input_ids"].clone()
            ids[0, where] = token
            assert found.values["text"][row, word, 0] == pytest.approx(
                logit(one, read["input_ids"]) - logit(one, ids), abs=1e-4
            )


def logit(one: Classifier, ids: torch.Tensor) -> float:
    """Of the second class, of a text without padding."""
    with torch.no_grad():
        if one.name == "gpt2":
            return float(one.net.score(one.net.transformer(ids).last_hidden_state)[0, -1, 1])
        return float(one.net(ids).logits[0, 1])


SAMPLED = {"partition": PartitionShapSpec(masker="tokens", max_evals=1000), "kernel": KernelShapSpec(nsamples=400)}


@pytest.mark.parametrize(
    "method",
    ["kernel", pytest.param("partition", marks=pytest.mark.slow(40))],  # for which numba compiles that long, once
)
def test_shapley_values_are_of_words_and_add_up(method: str, bert: Classifier) -> None:
    """To the score, from that of the text whose every word is hidden; nothing is left for special tokens."""
    found = explained(bert, SAMPLED[method])
    words = bert.data.inputs[0].array[:SHOWN] != 0
    assert not found.values["text"][..., 0][~words].any()
    np.testing.assert_allclose(
        found.values["text"][..., 0].sum(axis=1), (found.prediction - found.base_value)[:, 0], atol=1e-4
    )
    gradients = explained(bert, IntegratedGradientsSpec(n_steps=STEPS))
    np.testing.assert_allclose(found.base_value, gradients.base_value, atol=1e-4)


def test_exact_shapley_values_of_few_words(bert: Classifier, tmp_path: Path) -> None:
    """By all orders of three words."""
    _, data = read(bert.folder, write(tmp_path / "few.csv", ["dreadful wonderful film"], None), label=None)
    model = TransformersSpec(path=bert.folder)
    few = bert._replace(data=data, model=model.restore(data, model.opened().fit(data, COMPUTE, silent), COMPUTE))
    (item,) = data.inputs
    assert item.spelling is not None
    whole, hidden = item.array[0], item.spelling.hidden[item.array[0]]

    def score(kept: tuple[int, ...]) -> float:
        words = hidden.copy()
        words[list(kept)] = whole[list(kept)]
        return float(few.model.predict({"text": words[None]})[0, 1])

    orders = list(permutations(range(3)))
    expected = np.zeros(3)
    for order in orders:
        for place, word in enumerate(order):
            expected[word] += (score(order[: place + 1]) - score(order[:place])) / len(orders)
    found = explained(few, KernelShapSpec(), np.ones((1, 1), np.int64))
    np.testing.assert_allclose(found.values["text"][0, :, 0], expected, atol=1e-4)


def test_it_says_what_transformers_interpret_says(bert: Classifier, table: Path) -> None:
    """Its documented formula: integrated gradients at the embedding from a text of padding between its special tokens,
    summed over channels, divided by their norm. Its sum over the tokens of a word is that of the program, scaled."""
    spec, data = read(bert.folder, table, hidden="padding")
    padded = bert._replace(data=data, model=spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE))
    found = explained(padded, IntegratedGradientsSpec(n_steps=50, rule="gausslegendre"))
    lig = LayerIntegratedGradients(lambda ids: bert.net(ids).logits, bert.net.get_input_embeddings())
    for row, text in enumerate(texts()[:SHOWN]):
        read_text = tokens(bert, text)
        ids, special = read_text["input_ids"], read_text["special_tokens_mask"].bool()
        before = torch.where(special, ids, bert.fast.pad_token_id)
        parts = lig.attribute(ids, before, target=1, n_steps=50).sum(dim=-1).squeeze(0)
        norm = float(torch.norm(parts))
        own = (parts / norm).detach().numpy()[~special[0].numpy()]
        words = found.values["text"][row, ..., 0].sum(-1)
        np.testing.assert_allclose(words / norm, by_word(padded, row, own), atol=1e-4)


def test_smooth_grad_comes_to_the_gradient_as_its_noise_goes_to_zero(bert: Classifier) -> None:
    """In proportion, for the net is smooth and the draws are the same. Noise lies on the tokens of the text alone, and
    errors are of words."""
    plain = explained(bert, VanillaGradSpec()).values["text"]
    still = explained(bert, VanillaGradSpec(sampling=SamplingSpec(nt_samples=2, stdevs=0)))
    np.testing.assert_allclose(still.values["text"], plain, atol=1e-5)
    off = []
    for stdevs in (1e-3, 1e-4):
        noisy = explained(bert, VanillaGradSpec(sampling=SamplingSpec(nt_samples=5, stdevs=stdevs)))
        assert noisy.values["text"].shape == plain.shape
        assert noisy.standard_error["text"].shape[:2] == plain.shape[:2]
        off.append(np.abs(noisy.values["text"] - plain).max())
    assert off[1] == pytest.approx(off[0] / 10, rel=0.2)


def test_zero_vectors_are_another_baseline(bert: Classifier) -> None:
    found = explained(bert, IntegratedGradientsSpec(baseline="zero", n_steps=256))
    total = found.values["text"].sum(axis=(1, 2))
    np.testing.assert_allclose(total, found.prediction - found.base_value, atol=0.02)
    hidden = explained(bert, IntegratedGradientsSpec(n_steps=STEPS))
    assert np.abs(found.base_value - hidden.base_value).max() > 1e-4


def test_a_hidden_layer_is_seen_token_by_token_too(bert: Classifier) -> None:
    layer = "bert.encoder.layer.0"
    found = explained(bert, IntegratedGradientsSpec(layer=layer, n_steps=128))
    assert found.values["text"].shape[:2] == bert.data.inputs[0].array[:SHOWN].shape
    np.testing.assert_allclose(found.values["text"].sum(axis=(1, 2)), found.prediction - found.base_value, atol=0.02)


def test_pieces_are_what_words_are_the_sum_of(bert: Classifier, table: Path) -> None:
    spec, data = read(bert.folder, table, tokens="pieces")
    pieces = bert._replace(data=data, model=spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE))
    rule = IntegratedGradientsSpec(n_steps=STEPS)
    of_pieces, of_whole = explained(pieces, rule).values["text"], explained(bert, rule).values["text"]
    for row in range(SHOWN):
        own = of_pieces[row, : (data.inputs[0].array[row] != 0).sum(), :, 0].sum(-1)
        np.testing.assert_allclose(by_word(bert, row, own), of_whole[row, ..., 0].sum(-1), atol=1e-5)


def test_the_company_of_other_texts_changes_no_number(bert: Classifier) -> None:
    """To the last bit, as it is for all nets."""
    alone = bert.model.predict(bert.data.take(np.arange(1)).arrays)
    assert np.array_equal(bert.model.predict(bert.data.arrays)[:1], alone)


def test_one_value_is_explained_in_units_of_the_label(table: Path, tmp_path: Path) -> None:
    words, verdicts = reviews()
    stars = [4.5 if verdict == "good" else 1.5 for verdict in verdicts]
    folder = saved(tmp_path / "stars", "distilbert", words, stars, outputs=["value"], epochs=1)
    spec, data = read(folder, write(tmp_path / "stars.csv", words, [str(one) for one in stars]))
    assert data.task == "regression"
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    assert model.output == "values"
    net, fast = loaded(folder)
    with torch.no_grad():
        expected = float(net(**fast(words[0], return_tensors="pt")).logits[0, 0])
    assert model.predict(data.take(np.arange(1)).arrays)[0, 0] == pytest.approx(expected, abs=1e-5)


def test_ids_between_special_tokens_are_those_of_transformers_to_the_last(one: Classifier) -> None:
    found = one.model.encoded(one.data.take(np.arange(SHOWN)).arrays).arguments
    for row, text in enumerate(texts()[:SHOWN]):
        there = found["there"][row]
        assert found["ids"][row][there].tolist() == one.fast(text)["input_ids"]


def test_it_opens_no_connection(bert: Classifier, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr("socket.socket.connect", refused)
    monkeypatch.setattr("socket.getaddrinfo", refused)
    spec, data = read(bert.folder, table)
    spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
