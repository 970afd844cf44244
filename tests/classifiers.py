"""Tiny text classifiers of transformers in folders, as `save_pretrained` writes them, with tokenizers that are trained
on the texts of the tests."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from exhibit.tasks.models.torch_transformers import _library

GOOD, BAD = ("wonderful", "lovely", "brilliantly"), ("dreadful", "boring", "awfully")
PLAIN = ["the", "a", "film", "story", "actors", "scene", "music", "with", "and", "of", "was", "very", "plot", "Don't"]


def reviews(count: int = 120, seed: int = 0) -> tuple[list[str], list[str]]:
    """Made-up reviews of which one word says how they end, and that."""
    draws = np.random.default_rng(seed)
    texts, labels = [], []
    for number in range(count):
        good = number % 2 == 0
        text = [str(word) for word in draws.choice(PLAIN, int(draws.integers(3, 8)))]
        text.insert(int(draws.integers(len(text))), str(draws.choice(GOOD if good else BAD)))
        texts.append(" ".join(text) + ".")
        labels.append("good" if good else "bad")
    return texts, labels


def pieces(texts: Sequence[str], normalizer: Any, pre_tokenizer: Any, size: int) -> list[str]:
    """What words are often made of, by byte pair encoding: the trainers of the other models break ties by chance, and
    a net that was trained on their numbers is another one each time."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, max_token_length=3))
    return sorted(tokenizer.get_vocab(), key=tokenizer.token_to_id)


def wordpiece(texts: Sequence[str], size: int = 85) -> Tokenizer:
    """BERT's."""
    normalizer, pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    found = pieces(texts, normalizer, pre_tokenizer, (size - len(special)) // 2)  # at the start of a word, and within
    vocabulary = [*special, *found, *(f"##{piece}" for piece in found)]
    tokenizer = Tokenizer(models.WordPiece({piece: k for k, piece in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.add_special_tokens(special)
    marks = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=marks
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def byte_pairs(texts: Sequence[str], special: Sequence[str], size: int = 330) -> Tokenizer:
    """Of bytes, as GPT-2's and RoBERTa's, which alone puts marks around a text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=list(special), initial_alphabet=alphabet)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    if "<s>" in special:
        ends = [(name, tokenizer.token_to_id(name)) for name in ("</s>", "<s>")]
        tokenizer.post_processor = processors.RobertaProcessing(*ends, trim_offsets=True, add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def unigram(texts: Sequence[str], size: int = 120) -> Tokenizer:
    """SentencePiece's, as XLM-R and ALBERT have it."""
    normalizer, pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    found = pieces(texts, normalizer, pre_tokenizer, size - len(special))
    scores = [*((mark, 0.0) for mark in special), *((piece, -0.1 * (k + 1)) for k, piece in enumerate(found))]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=special.index("<unk>")))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.add_special_tokens(special)
    marks = [(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=marks)
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


class Family(NamedTuple):
    """A kind of net: its config and its tokenizer. `marks`: special tokens by what transformers calls them."""

    config: str
    settings: dict[str, Any]
    tokenizer: Callable[[Sequence[str]], Tokenizer]
    marks: dict[str, str]


_BERT = {"pad_token": "[PAD]", "mask_token": "[MASK]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
_XLMR = {"pad_token": "<pad>", "mask_token": "<mask>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
_SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
FAMILIES: dict[str, Family] = {
    "bert": Family("BertConfig", {**_SMALL, "max_position_embeddings": 40}, wordpiece, _BERT),
    "distilbert": Family(
        "DistilBertConfig",
        {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48, "max_position_embeddings": 40},
        wordpiece,
        _BERT,
    ),
    "roberta": Family(
        "RobertaConfig",
        {**_SMALL, "max_position_embeddings": 66, "type_vocab_size": 1},
        lambda texts: byte_pairs(texts, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
        _XLMR,
    ),
    "gpt2": Family(
        "GPT2Config",
        {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64},
        lambda texts: byte_pairs(texts, ["<|endoftext|>"]),
        {"pad_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>"},
    ),
    "albert": Family("AlbertConfig", {**_SMALL, "embedding_size": 16, "max_position_embeddings": 64}, unigram, _XLMR),
    "xlm_roberta": Family(
        "XLMRobertaConfig", {**_SMALL, "max_position_embeddings": 66, "type_vocab_size": 1}, unigram, _XLMR
    ),
}


def saved(
    folder: Path,
    name: str,
    texts: Sequence[str],
    labels: Sequence[float] | None = None,
    *,
    outputs: Sequence[str] = ("bad", "good"),
    epochs: int = 0,
    dtype: torch.dtype = torch.float32,
    **settings: Any,
) -> Path:
    """A classifier of this family in `folder`, trained for a little where `epochs` say so."""
    family = FAMILIES[name]
    tokenizer = family.tokenizer(texts)
    with _library() as library, torch.random.fork_rng():
        torch.manual_seed(0)
        fast = library.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **family.marks)
        ids = {f"{mark}_id": getattr(fast, f"{mark}_id") for mark in ("pad_token", "bos_token", "eos_token")}
        about = {"num_labels": len(outputs)}
        if len(outputs) > 1:
            about = {"id2label": dict(enumerate(outputs)), "label2id": {name: k for k, name in enumerate(outputs)}}
        config = getattr(library, family.config)(
            **{"vocab_size": tokenizer.get_vocab_size(), **family.settings, **ids, **about, **settings}
        )
        net = library.AutoModelForSequenceClassification.from_config(config)
        if labels is not None:
            _train(net, fast, texts, labels, epochs)
        net.to(dtype).save_pretrained(folder)
        fast.save_pretrained(folder)
    return folder


def _train(net: Any, fast: Any, texts: Sequence[str], labels: Sequence[float], epochs: int) -> None:
    batch = fast(list(texts), padding=True, return_tensors="pt", return_token_type_ids=False)
    targets = torch.tensor(labels)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    net.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(texts)).split(32):
            optimizer.zero_grad()
            net(**{name: tensor[rows] for name, tensor in batch.items()}, labels=targets[rows]).loss.backward()
            optimizer.step()
    net.eval()


def changed(folder: Path, name: str, **settings: Any) -> None:
    """Settings of a JSON file of the folder set anew; None takes one out."""
    path = folder / name
    known: Mapping[str, Any] = {**json.loads(path.read_text()), **settings}
    path.write_text(json.dumps({key: value for key, value in known.items() if value is not None}))
