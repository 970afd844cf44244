"""A tiny text classifier of transformers in a folder, as `save_pretrained` writes it, and texts to explain it with.

`python classifier.py DIR` makes DIR/config.json, model.safetensors and tokenizer.json, and DIR/reviews.csv with twelve
reviews that train neither the net nor the tokenizer.
"""

import csv
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.modules["torchvision"] = None  # type: ignore[assignment]  # texts need none, and one that does not fit torch would stop transformers

import torch  # noqa: E402
from tokenizers.implementations import BertWordPieceTokenizer  # noqa: E402
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast  # noqa: E402

WORDS = {"good": ["wonderful", "lovely", "brilliantly"], "bad": ["dreadful", "boring", "awfully"]}
PLAIN = ["the", "a", "film", "story", "actors", "scene", "music", "with", "and", "of", "was", "very", "plot"]


def reviews(count: int = 200) -> Iterator[tuple[str, str]]:
    """Made-up reviews, and which word in them says how they end."""
    for number in range(count):
        verdict = ["bad", "good"][number % 2]
        words = random.choices(PLAIN, k=random.randint(3, 8))
        words.insert(random.randrange(len(words)), random.choice(WORDS[verdict]))
        yield " ".join(words) + ".", verdict


def thirds(text: str) -> Iterator[str]:
    """Its words in pieces of three letters."""
    for word in text.replace(".", " .").split():
        yield word[:3]
        yield from (f"##{word[k : k + 3]}" for k in range(3, len(word), 3))


def cutter(texts: Iterable[str]) -> BertTokenizerFast:
    """Of the pieces of these texts. The library can find better ones itself, but breaks ties by chance."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *sorted({piece for text in texts for piece in thirds(text)})]
    cut = BertWordPieceTokenizer({piece: number for number, piece in enumerate(pieces)})
    return BertTokenizerFast(tokenizer_object=cut._tokenizer)


def main(folder: Path) -> None:
    """Trains the net and writes all files."""
    random.seed(0)
    torch.manual_seed(0)
    made = list(reviews())
    kept = made[:12]  # to be explained
    texts, verdicts = zip(*(one for one in made[12:] if one not in kept), strict=True)
    folder.mkdir(exist_ok=True)
    tokenizer = cutter(texts)
    names = {0: "bad", 1: "good"}
    numbers = {name: number for number, name in names.items()}
    net = BertForSequenceClassification(
        BertConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                   intermediate_size=64, max_position_embeddings=64, id2label=names, label2id=numbers)
    )  # fmt: skip
    batch = tokenizer(list(texts), padding=True, return_tensors="pt")
    labels = torch.tensor([int(verdict == "good") for verdict in verdicts])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.002)
    for _ in range(60):
        optimizer.zero_grad()
        net(**batch, labels=labels).loss.backward()
        optimizer.step()
    net.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    with (folder / "reviews.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("review", "verdict"), *kept])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
