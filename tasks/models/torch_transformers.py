"""Classifiers of transformers behind the model protocol: words become tokens with special ones around them, and are
seen from a layer token by token.

Of a text that is seen from a layer only its own tokens are shown. Special tokens are held as they are in the sample.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from exhibit.tasks.models.torch import Encoded, TorchModel, TorchPlace
from exhibit.tasks.models.torch_process import configure, explaining
from exhibit.tasks.models.torch_training import restored as filled
from exhibit.tasks.protocols import Compute, Dropout, Place, Score, Side
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.spelling import Spelling

_CONFIG = "config.json"  # among the arrays of the weights, as bytes: it says what they are weights of
_NEAR = 1e-4  # of the largest output, by which padding may move others


def given(config: Path, weights: tuple[Path, ...], compute: Compute) -> Weights:
    """The weights in the files of a folder, in float32.

    Raises:
        InputError: for files that do not hold all of a text classifier.
    """
    configure(compute)
    files = {path.name: path for path in weights} | {_CONFIG: config}
    with _folder(files) as folder, _library() as library:
        try:
            net, found = library.AutoModelForSequenceClassification.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32,
                attn_implementation="eager",
                output_loading_info=True,
            )
        except Exception as error:  # the library raises whatever it meets
            raise InputError(f"model.path: transformers cannot read it: {_said(error, folder)}") from error
    for name, what in {"missing_keys": "lack", "mismatched_keys": "hold another shape of"}.items():
        if wrong := sorted(map(str, found.get(name, ()))):
            raise InputError(
                f"model.path: its weights {what} {', '.join(wrong[:3])}{' and others' * (len(wrong) > 3)}, which would "
                "be drawn at random: it was saved without its classifier, or for another config.json; save the "
                "fine-tuned AutoModelForSequenceClassification"
            )
    arrays = {name: tensor.float().cpu().numpy() if tensor.is_floating_point() else tensor.cpu().numpy()
              for name, tensor in net.state_dict().items()}  # fmt: skip
    return Weights(
        arrays={**arrays, _CONFIG: np.frombuffer(config.read_bytes(), np.uint8)},
        parameters=sum(parameter.numel() for parameter in net.parameters()),
    )


def restored(dataset: Dataset, weights: Weights, compute: Compute) -> "TextClassifier":
    """The model with the given weights.

    Raises:
        InputError: where its outputs are not those of the data, or it predicts something else for a shorter text where
            it is filled up.
    """
    (item,) = dataset.inputs
    assert item.spelling is not None
    arrays = {name: array for name, array in weights.arrays.items() if name != _CONFIG}
    build = partial(_built, weights.arrays[_CONFIG].tobytes())
    net = filled(build, weights.model_copy(update={"arrays": arrays}))
    kind = "values" if dataset.task == "regression" else "logits"
    model = TextClassifier(net, item.name, item.spelling, kind, compute)
    model.require_outputs(item.values[:1], max(len(dataset.classes), 1))
    return model


def _built(config: bytes) -> nn.Module:
    with TemporaryDirectory(prefix="exhibit-model-") as scratch:
        folder = Path(scratch)
        (folder / _CONFIG).write_bytes(config)
        with _library() as library:
            settings = library.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            net: nn.Module = library.AutoModelForSequenceClassification.from_config(
                settings, dtype=torch.float32, attn_implementation="eager", trust_remote_code=False
            )
    return net.float()


@contextmanager
def _folder(files: Mapping[str, Path]) -> Iterator[Path]:
    """A folder with nothing but these files, whatever else lies beside them."""
    with TemporaryDirectory(prefix="exhibit-model-") as scratch:
        for name, path in files.items():
            (Path(scratch) / name).symlink_to(path.absolute())
        yield Path(scratch)


@contextmanager
def _library() -> Iterator[Any]:
    """transformers, which is told to fetch nothing. It takes torchvision for pictures where that is installed, and dies
    of one that does not fit torch: here it need not see it, nor remember that some library saw it before."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    seen = sys.modules.get("torchvision")
    sys.modules["torchvision"] = None  # type: ignore[assignment]  # as Python says that there is none
    try:
        import transformers

        transformers.utils.import_utils.is_torchvision_available.cache_clear()
        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        yield transformers
    except ImportError as error:
        raise InputError(f"model: transformers cannot be imported ({error}): pip install transformers") from error
    finally:
        del sys.modules["torchvision"]
        if seen is not None:
            sys.modules["torchvision"] = seen


def _said(error: Exception, folder: Path | str) -> str:
    said = str(error).replace(str(folder), "its folder") if folder else str(error)
    return " ".join(said.split())


class TextClassifier(TorchModel):
    """A net of transformers that gives `.logits`, from words as `spelling` spells them."""

    def __init__(self, net: nn.Module, name: str, spelling: Spelling, output: Any, compute: Compute) -> None:
        super().__init__(net, self._encoded, output, compute, channels_first=False)
        self._name, self._spelling, self._first = name, spelling, False
        self._table: nn.Module = net.get_input_embeddings()  # type: ignore[operator]  # of every net of transformers
        net.config.pad_token_id = spelling.padding  # type: ignore[union-attr]  # where a decoder stops reading
        self._other = 0 if spelling.padding else 1

    def embedding(self, _: Arrays) -> str | None:
        """What the net says embeds its tokens."""
        return next((name for name, module in self.net.named_modules() if module is self._table), None)

    def place(
        self, inputs: Arrays, layer: str | int | None = None, at: Side = "output", dropout: Dropout | None = None
    ) -> Place:
        """The batch from a layer: the own tokens of each text where that has a row for each token."""
        whole = super().place(inputs, layer, at, dropout)
        assert isinstance(whole, TorchPlace)
        own = self._own(self.encoded(inputs))
        (values,) = whole.values.values()
        if values.ndim != _AXES or values.shape[1] != self.encoded(inputs).arguments["ids"].shape[1]:
            return whole
        return TokensPlace(whole, own)

    def applied(self, net: nn.Module, encoded: Encoded) -> Tensor:
        """The logits. The net counts by ids where a text ends and what its places are, so a word that is hidden by the
        token of the padding is embedded as such, and else taken for another."""
        ids, hidden = encoded.arguments["ids"], encoded.arguments["hidden"]
        others = {"attention_mask": encoded.arguments["there"].long()}
        if (types := encoded.arguments["types"]).any():
            others["token_type_ids"] = types
        disguised = hidden & (ids == self._spelling.padding)
        if not disguised.any():
            return self._logits(net(input_ids=ids, **others))

        def embedded(_: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
            return (ids if arguments[0].shape == ids.shape else arguments[0], *arguments[1:])

        hook = self._table.register_forward_pre_hook(embedded)
        try:
            return self._logits(net(input_ids=torch.where(disguised, self._other, ids), **others))
        finally:
            hook.remove()

    def require_outputs(self, words: Array, outputs: int) -> None:
        """Raises InputError where it does not give so many outputs for a text, or others when that is filled up."""
        text = {self._name: words}
        with explaining(self.net), torch.no_grad():
            alone = self._tried(text, filled_up=0)
            if alone.shape[1] != outputs:
                raise InputError(
                    f"model.path: it gives {alone.shape[1]} outputs, and id2label of its config.json names {outputs}"
                )
            near = _NEAR * float(alone.abs().max()) + _NEAR
            for self._first in (False, True):
                if torch.allclose(self._tried(text, filled_up=_MORE), alone, rtol=0, atol=near):
                    return
        raise InputError(
            "model.path: it predicts something else for a text when that is filled up to the length of a longer one, "
            "on whichever side, in spite of an attention mask; such a model cannot be explained in batches"
        )

    def _tried(self, text: Arrays, *, filled_up: int) -> Tensor:
        encoded = self._laid(text, filled_up)
        arguments = {name: argument.to(self.device) for name, argument in encoded.arguments.items()}
        try:
            return self.applied(self.net, encoded._replace(arguments=arguments))
        except (IndexError, RuntimeError, ValueError) as error:
            length = arguments["ids"].shape[1]
            raise InputError(
                f"model.path: it cannot read a text of {length} tokens ({_said(error, '')[:_SAID]}); "
                f"data.length says how many are read at most, special ones among them"
            ) from error

    def _encoded(self, inputs: Arrays) -> Encoded:
        return self._laid(inputs, None)

    def _laid(self, inputs: Arrays, filled_up: int | None) -> Encoded:
        """Ids between the special tokens, filled up to the longest text of the data, or by `filled_up` alone."""
        spelling = self._spelling
        laid = spelling.laid(inputs[self._name])
        own = (laid.words >= 0).sum(axis=1)
        width = len(spelling.before) + len(spelling.after) + (
            laid.ids.shape[1] if filled_up is None else int(own.max()) + filled_up
        )  # fmt: skip
        count = len(own)
        ids = np.full((count, width), spelling.padding)
        types, there, hidden = np.full((count, width), spelling.own_type), *np.zeros((2, count, width), bool)
        whose = np.full((count, width), -1)
        for row, length in enumerate(own.tolist()):
            begin, end = len(spelling.before), len(spelling.before) + length
            total = end + len(spelling.after)
            start = width - total if self._first else 0
            line = slice(start, start + total)
            ids[row, line] = [*spelling.before[:, 0], *laid.ids[row, :length], *spelling.after[:, 0]]
            types[row, line] = [*spelling.before[:, 1], *[spelling.own_type] * length, *spelling.after[:, 1]]
            there[row, line] = True
            hidden[row, start + begin : start + end] = laid.hidden[row, :length]
            whose[row, start + begin : start + end] = np.arange(length)
        return Encoded(
            {
                name: torch.as_tensor(array)
                for name, array in {"ids": ids, "there": there, "hidden": hidden, "types": types, "own": whose}.items()
            }
        )

    def _own(self, encoded: Encoded) -> "Own":
        own = encoded.arguments["own"].numpy(force=True)
        width = max(self._spelling.length, int(own.max(initial=-1)) + 1)
        rows, columns = np.nonzero(own >= 0)
        return Own(rows, columns, own[rows, columns], (len(own), width))

    def _logits(self, given: Any) -> Tensor:
        logits: Tensor = given.logits
        return logits


_AXES = 3  # samples, tokens, channels
_MORE = 3  # tokens of padding that nothing may depend on
_SAID = 160  # letters of what a library says


class Own(NamedTuple):
    """Where the own tokens of the texts of a batch stand: `rows` and `columns` among all tokens, and `numbers` in their
    text; `shape`: (samples, own tokens)."""

    rows: Array
    columns: Array
    numbers: Array
    shape: tuple[int, int]

    def of(self, whole: Array) -> Array:
        """(samples, own tokens, channels) of (samples, all tokens, channels), zero behind the end of a text."""
        own = np.zeros((*self.shape, whole.shape[-1]), whole.dtype)
        own[self.rows, self.numbers] = whole[self.rows, self.columns]
        return own

    def within(self, whole: Array, own: Array) -> Array:
        """`whole` with these tokens of the texts themselves."""
        changed = whole.copy()
        changed[self.rows, self.columns] = own[self.rows, self.numbers]
        return changed


@dataclass(frozen=True)
class TokensPlace:
    """The own tokens of a batch of texts, seen from one place in a net; see `exhibit.tasks.protocols.Place`."""

    whole: TorchPlace
    own: Own

    @property
    def values(self) -> dict[str, Array]:
        """(samples, own tokens, channels)."""
        return {name: self.own.of(values) for name, values in self.whole.values.items()}

    @property
    def mask(self) -> dict[str, Array]:
        """Which of them a text has."""
        there = np.zeros(self.own.shape, bool)
        there[self.own.rows, self.own.numbers] = True
        return dict.fromkeys(self.whole.values, there)

    def gradient(self, values: Arrays, score: Score, targets: Array) -> tuple[Array, dict[str, Array]]:
        """Scores (samples,), and the gradient of each sample's own score, shaped like `values`."""
        scores, gradients = self.whole.gradient(self._within(values), score, targets)
        return scores, {name: self.own.of(gradient) for name, gradient in gradients.items()}

    def outputs(self, values: Arrays) -> Array:
        """Outputs (samples, outputs) at `values`."""
        return self.whole.outputs(self._within(values))

    def taken(self, rows: Array, dropout: Dropout | None = None) -> "TokensPlace":
        """The samples `rows`, which may repeat, with this dropout."""
        whole = self.whole.taken(rows, dropout)
        if whole.encoded is self.whole.encoded:
            return replace(self, whole=whole)
        model = self.whole.model
        assert isinstance(model, TextClassifier)
        return TokensPlace(whole, model._own(whole.encoded))

    def bypassed(self) -> bool:
        """As of all its tokens."""
        return self.whole.bypassed()

    def _within(self, values: Arrays) -> dict[str, Array]:
        return {name: self.own.within(self.whole.values[name], array) for name, array in values.items()}
