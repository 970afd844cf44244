"""What a Python session has of each kind of input: how its objects become values and come back, and what explains them.

The kinds are tried in the order of the table: the first that takes what was given for its own has it.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from exhibit.flows.frames import numbers_of
from exhibit.tasks.protocols import Capability
from exhibit.tasks.records.base import Array, InputError

Back = Callable[[Array], Any]  # from raw values (samples, ...) to the type that the session's own code takes


class Taken(NamedTuple):
    """What was given, as `exhibit.tasks.data.plain.input_of` takes it, the way back, and from values laid out as a
    report has them (samples, ...) to the layout of what was given. `channels`: where pictures have them; `order`: of
    the columns of a frame, where the model has another."""

    about: Mapping[str, Any]
    back: Back
    turned: Callable[[Array], Array] = lambda values: values
    channels: Literal["first", "last", "nowhere"] | None = None
    order: tuple[int, ...] | None = None

    def named(self, features: Sequence[str]) -> tuple[str, ...]:
        """The features of a report in the order of what was given."""
        return tuple(features) if self.order is None else tuple(features[place] for place in self.order)


class SessionKind(NamedTuple):
    """One kind of input.

    `claims`: whether values without a kind are of this one. `taken`: values, and the names that were given for their
    features, as an input. `methods`: what explains it where nothing else is asked for, by what the model gives.
    `checks`: what is measured then. `gaps`: whether numbers may be missing, for a model that takes them.
    """

    claims: Callable[[Any], bool]
    taken: Callable[[Any, Sequence[str] | None], Taken]
    methods: Mapping[Capability, str]
    checks: tuple[str, ...] = ("completeness", "deletion")
    gaps: bool = False


def _is(values: Any, name: str) -> bool:
    """Whether they are of the class `library.Name`: no library is imported to ask."""
    return any(f"{base.__module__.partition('.')[0]}.{base.__name__}" == name for base in type(values).__mro__)


def is_frame(values: Any) -> bool:
    """Whether they are a frame of pandas."""
    return _is(values, "pandas.DataFrame")


def is_tensor(values: Any) -> bool:
    """Whether they are a tensor of torch."""
    return _is(values, "torch.Tensor")


def in_numpy(tensor: Any) -> Array:
    """The numbers of a tensor of torch; NumPy has none of 16 bits with an exponent of 8."""
    plain = tensor.detach().cpu()
    return np.asarray(plain.float() if str(plain.dtype) == "torch.bfloat16" else plain)


def _strings(values: Any) -> list[str] | None:
    """A list of texts; None for anything else."""
    items = values.tolist() if isinstance(values, np.ndarray) or _is(values, "pandas.Series") else values
    if isinstance(items, list | tuple) and items and all(isinstance(item, str) for item in items):
        return list(items)
    return None


def _array(values: Any) -> Array:
    """Numbers of whatever holds them: an array, a tensor, a list of arrays or pictures of one size."""
    if np.ma.is_masked(values):
        raise InputError("X: some values are masked, and a mask is not read; leave these rows out, or fill them")
    found = in_numpy(values) if is_tensor(values) else values
    if isinstance(found, list | tuple):
        _require_light(found)
        parts = [in_numpy(part) if is_tensor(part) else np.asarray(part) for part in found]
        if len(sizes := {part.shape for part in parts}) > 1:
            few = " and ".join(str(size) for size in sorted(sizes)[:2])
            raise InputError(f"X: its samples have different shapes, such as {few}; bring them to one size")
        return np.stack(parts) if parts else np.empty((0, 0))
    return np.asarray(found)


def _require_light(parts: Sequence[Any]) -> None:
    """Raises InputError for a picture of Pillow whose numbers are no amounts of light, as places in a palette."""
    if (pillow := sys.modules.get("PIL.Image")) is None:
        return
    for part in parts:
        if isinstance(part, pillow.Image) and part.mode not in _OF_LIGHT:
            raise InputError(
                f"X: a picture of Pillow in mode {part.mode} was given, whose numbers are no amounts of grey or of "
                'red, green and blue; give picture.convert("RGB")'
            )


_OF_LIGHT = {"1", "L", "LA", "I", "I;16", "F", "RGB", "RGBA"}


def _as_given(values: Any) -> Callable[[Array], Any]:
    """Numbers as the session had them: a tensor where it had one, and in its precision."""
    own = _array(values).dtype
    number = own if own.kind == "f" else np.dtype(np.float32 if is_tensor(values) else np.float64)
    if not is_tensor(values):
        return lambda array: np.asarray(array, number)

    def tensor(array: Array) -> Any:
        return sys.modules["torch"].as_tensor(np.ascontiguousarray(array, number))

    return tensor


def _table(values: Any, names: Sequence[str] | None) -> Taken:
    if not is_frame(values):
        array = _array(values)
        about = {"values": array, "kind": "table"} | ({} if names is None else {"features": names})
        return Taken(about, _as_given(values))
    frame = values if names is None else values.set_axis(list(names), axis=1)
    return Taken({"values": frame, "kind": "table"}, _frame(list(values.columns), values.dtypes.tolist()))


def _frame(columns: Sequence[Any], types: Sequence[Any]) -> Back:
    """A frame of the columns that were given, in their types: truth values and whole numbers as long as every value is
    one, for the mean that a method may put in their place is none."""

    def back(values: Array) -> Any:
        import pandas as pd

        if values.shape[1] != len(columns):
            raise InputError(
                "X: it has columns of words, of which the model would be given a 0 or 1 for each word; a function "
                "takes numbers here: encode these columns yourself"
            )
        cells = {place: numbers_of(values[:, place], kind) for place, kind in enumerate(types)}
        return pd.DataFrame(cells, index=range(len(values))).set_axis(list(columns), axis=1)

    return back


def _image(values: Any, _: Sequence[str] | None) -> Taken:
    array = _array(values)
    as_given = _as_given(values)
    first = array.ndim == 4 and array.shape[1] in _CHANNELS and array.shape[-1] not in _CHANNELS
    pixels = np.moveaxis(array, 1, -1) if first else array
    bounds = (0, 255) if pixels.dtype == np.uint8 else (0, 1)
    if pixels.dtype.kind in "fiub" and pixels.size and not bounds[0] <= pixels.min() <= pixels.max() <= bounds[1]:
        bounds = (pixels.min().item(), pixels.max().item())
    grey = array.ndim == 3

    def turned(found: Array) -> Array:
        return np.moveaxis(found, 3, 1) if first else found[:, :, :, 0] if grey else found

    about = {"values": pixels, "kind": "image", "bounds": bounds}
    return Taken(
        about, lambda found: as_given(turned(found)), turned, "first" if first else "nowhere" if grey else "last"
    )


_CHANNELS = (1, 3)


def _are_pictures(values: Any) -> bool:
    """Whether their axes say so: three of which the last two differ may be steps and channels as well."""
    shape = _array(values).shape
    return len(shape) == 4 or (len(shape) == 3 and shape[1] == shape[2])


def _text(values: Any, names: Sequence[str] | None) -> Taken:
    """Sentences as their words, each with the space around it, so that a sentence is got back as it was; or ids, whose
    tokens are the names."""
    if (texts := _strings(values)) is None:
        array = _array(values)
        return Taken({"values": array, "kind": "text", "vocabulary": names}, lambda ids: np.asarray(ids, array.dtype))
    cut = [_PIECE.findall(text) for text in texts]
    pieces = ["", *dict.fromkeys(piece for sentence in cut for piece in sentence)]
    number = {piece: place for place, piece in enumerate(pieces)}
    ids = np.zeros((len(cut), max(1, *map(len, cut))), np.int64)
    for row, sentence in enumerate(cut):
        ids[row, : len(sentence)] = [number[piece] for piece in sentence]
    told = ["[nothing]", *(piece.strip() for piece in pieces[1:])]
    return Taken(
        {"values": ids, "kind": "text", "vocabulary": told},
        lambda found: ["".join(pieces[one] for one in row) for row in found.astype(np.int64).tolist()],
    )


_ALONE = "぀-ヿ㐀-䶿一-鿿豈-﫿"  # signs of Japanese and Chinese, which are written without spaces
_PIECE = re.compile(rf"\s*(?:[{_ALONE}]|[^\W{_ALONE}]+(?:['’][^\W{_ALONE}]+)*|[^\w\s]|_)\s*")


def _series(values: Any, names: Sequence[str] | None) -> Taken:
    array, as_given = _array(values), _as_given(values)
    about = {"values": array, "kind": "series"} | ({} if names is None else {"features": names})
    single = array.ndim == 2

    def turned(found: Array) -> Array:
        return found[:, :, 0] if single else found

    return Taken(about, lambda found: as_given(turned(found)), turned)


def _molecules(values: Any, _: Sequence[str] | None) -> Taken:
    return Taken({"values": _strings(values) or _array(values), "kind": "molecule"}, lambda smiles: smiles.tolist())


def _are_smiles(values: Any) -> bool:
    """Whether all texts are molecules: words with spaces are none."""
    texts = _strings(values)
    if texts is None or any(" " in text.strip() for text in texts):
        return False
    from exhibit.tasks.data.limits import Limits
    from exhibit.tasks.data.molecule import problem

    return all(problem(text, Limits()) is None for text in texts)


KINDS: dict[str, SessionKind] = {
    "molecule": SessionKind(
        _are_smiles, _molecules, {"gradients": "integrated_gradients", "predictions": "occlusion"}, ("completeness",)
    ),
    "text": SessionKind(
        lambda values: _strings(values) is not None,
        _text,
        {"gradients": "integrated_gradients", "predictions": "partition_shap_tokens"},
    ),
    "table": SessionKind(
        lambda values: is_frame(values) or _array(values).ndim == 2,
        _table,
        {"gradients": "integrated_gradients", "trees": "tree_shap", "predictions": "kernel_shap"},
        gaps=True,
    ),
    "image": SessionKind(
        _are_pictures,
        _image,
        {"gradients": "integrated_gradients", "predictions": "partition_shap"},
        ("completeness",),
    ),
    "series": SessionKind(  # which three axes alone do not say
        lambda _: False, _series, {"gradients": "integrated_gradients", "predictions": "occlusion_windows"}
    ),
}
