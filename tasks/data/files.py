"""Pictures from files, framed as the model that explains them wants them."""

import codecs
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.picture_file import SUFFIXES, read_picture
from exhibit.tasks.data.said import OF_PICTURES, told
from exhibit.tasks.records.base import Array, InputError, Spec
from exhibit.tasks.records.data import Excluded, Input, Split
from exhibit.tasks.records.framing import Frame, Interpolation
from exhibit.tasks.records.language import Message, mark, say
from exhibit.tasks.records.opening import ends
from exhibit.tasks.records.shelf import Shelf, Shelved
from exhibit.tasks.records.shown import listed

if TYPE_CHECKING:
    from PIL.Image import Image

DEFAULT = Limits()
Auto = Literal["auto"]
_Side = Annotated[int, Field(ge=8, le=4_096)]
_Short = Annotated[int, Field(ge=8, le=16_384)]


class Picture(NamedTuple):
    """A file that is wanted: what it is called in the data, its class, None where nobody says it, and its split;
    `within`: the folder that it lies in below that of its class, "." for that itself."""

    path: Path
    name: str
    label: int | None
    split: Split
    within: str = "."


class FramedSpec(Spec):
    """How pictures of any size become squares of one size, as a published model was given them.

    Explanations lie on these pixels: the model sees them and nothing else.
    """

    size: _Side | Auto = Field(
        "auto", description="side of the square in pixels; auto: what the model was trained on, where that is known"
    )
    resize: _Short | Auto | None = Field(
        "auto",
        description="the shorter side is brought to this and the middle cut out; null: squeezed into the square; auto: "
        "as the model was trained, where that is known",
    )
    interpolation: Interpolation | Auto = Field(
        "auto", description="how a picture is resized; auto: as the model was trained, where that is known"
    )

    usual: ClassVar[Frame] = Frame(size=224, resize=None, interpolation="bilinear")  # where nothing is known

    @property
    def frame(self) -> Frame:
        """How pictures are framed."""
        given = {name: value for name, value in self._own_frame().items() if value != "auto"}
        usual, size = self.usual, given.get("size", self.usual.size)
        short = None if usual.resize is None else round(usual.resize * size / usual.size)
        return usual.model_copy(update={"resize": short, **given})

    def framed_as(self, wanted: Frame) -> Self:
        """The same data in the frame that a model wants, as far as the config leaves it open."""
        if self.size not in ("auto", wanted.size):
            return self
        known = wanted.model_dump()
        left = {name: known[name] for name, value in self._own_frame().items() if value == "auto"}
        return self.model_copy(update=left)

    def _own_frame(self) -> dict[str, Any]:
        return {"size": self.size, "resize": self.resize, "interpolation": self.interpolation}

    @property
    def side(self) -> int:
        """Of the square, in pixels."""
        return self.frame.size

    def read(
        self, wanted: Sequence[Picture], shelf: Shelf, limits: Limits = DEFAULT
    ) -> tuple[Input, list[Picture], list[Excluded]]:
        """The pictures that can be read, which they are, and the others with the reason.

        They are read one by one, and their pixels laid on the `shelf`, from which they are taken when they are used:
        however many there are, they need not fit into memory.

        Raises:
            InputError: for no picture that can be read.
        """
        kept, digests, sizes, excluded = [], [], [], []
        for picture in wanted:
            if (name := _in_utf_8(picture.name)) != picture.name:
                reason = mark("the name of the file is no UTF-8; rename it")
                excluded.append(Excluded(sample_id=name, given=_in_utf_8(picture.path.name), reason=reason))
                continue
            try:
                shown = read_picture(picture.path, limits.pixels)
                pixels = in_frame(shown, self.frame, limits).tobytes()
            except (OSError, SyntaxError, ValueError) as problem:
                reason = _reason(problem, picture.path)
                excluded.append(Excluded(sample_id=picture.name, given=picture.path.name, reason=reason))
            else:  # a shelf that is full is no fault of the picture
                digests.append(shelf.put(pixels, durably=False))
                sizes.append(shown.size)
                kept.append(picture)
        if not kept:
            raise InputError(f"data: none of {len(wanted)} pictures could be read, the first because {reason!r}")
        values = Shelved(np.array(digests, "S"), (self.side, self.side, 3), "float32", shelf)
        item = Input(name="image", kind="image", values=values, bounds=(0.0, 255.0), sizes=np.array(sizes))
        return item, kept, excluded

    @property
    def framing(self) -> str:
        """One sentence about the pixels that the model sees."""
        size, how = self.frame.size, self.frame.interpolation
        if self.frame.resize is None:
            return say("Each is squeezed to {size} pixels ({how}).", size=f"{size}x{size}", how=how)
        return say(
            "The shorter side of each is brought to {side} pixels ({how}), and the middle {size} pixels are what the "
            "model and the reader see.",
            side=str(self.frame.resize),
            how=how,
            size=f"{size}x{size}",
        )


def _reason(problem: Exception, path: Path) -> Message:
    """Why a picture cannot be read: in words of this program, or as Pillow says it."""
    said = problem.args[0] if problem.args else ""
    return said if isinstance(said, Message) else told(str(problem).replace(str(path), path.name), OF_PICTURES)


def in_frame(picture: "Image", frame: Frame, limits: Limits = DEFAULT) -> Array:
    """(size, size, 3) bytes of a picture.

    Raises:
        ValueError: for one that is too narrow.
    """
    from PIL import Image

    how, size = Image.Resampling[frame.interpolation.upper()], frame.size
    if frame.resize is None:
        return np.asarray(picture.resize((size, size), how))
    width, height = picture.size
    short = min(width, height)
    if frame.resize**2 * width * height > limits.pixels * short**2:
        raise ValueError(
            say(
                "has {width} x {height} pixels, too narrow to bring its shorter side to {side} within "
                "data.limits.pixels: {limit}",
                width=str(width),
                height=str(height),
                side=str(frame.resize),
                limit=f"{limits.pixels:,}",
            )
        )
    picture = picture.resize((frame.resize * width // short, frame.resize * height // short), how)
    # The corner is that of torchvision's CenterCrop, whose published transforms this reproduces.
    left, top = (round((side - size) / 2.0) for side in picture.size)
    return np.asarray(picture.crop((left, top, left + size, top + size)))


def pictures_in(folder: Path) -> list[Path]:
    """The files of pictures directly in `folder`, by name.

    Raises:
        InputError: for a folder that cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise _unlisted(error) from error


def pictures_below(folder: Path) -> list[Path]:
    """The files of pictures in `folder` and in all folders within it, by name.

    Raises:
        InputError: for a folder that cannot be read: its pictures would be missing without a word.
    """

    def refuse(error: OSError) -> None:
        raise _unlisted(error) from error

    walked = os.walk(folder, onerror=refuse)
    found = (Path(here, name) for here, _, names in walked for name in names)
    return sorted(path for path in found if path.suffix.lower() in SUFFIXES)


def _unlisted(error: OSError) -> InputError:
    return InputError(
        f"data.path: the folder {_in_utf_8(str(error.filename))[:200]} cannot be read ({error.strerror}); let this "
        "user read it, or take it out"
    )


def sampled(paths: Sequence[Path], count: int | None, seed: int) -> list[Path]:
    """`count` of the paths (None: all), drawn by `seed` and their own names, in their order."""
    if count is None or count >= len(paths):
        return list(paths)
    own = hashlib.sha256(b"\0".join(os.fsencode(path.name) for path in paths)).digest()
    rows = np.random.default_rng([seed, *own]).choice(len(paths), count, replace=False)
    return [paths[row] for row in np.sort(rows)]


def content_digest(wanted: Sequence[Picture]) -> str:
    """A digest of the names and the bytes of pictures: what a result depends on, wherever they lie."""
    digest = hashlib.sha256()
    for picture in wanted:
        digest.update(f"{_in_utf_8(picture.name)}\0{picture.label}\0{picture.split}\0".encode())
        digest.update(_content(picture.path))
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """The sha256 of a file; nothing of what is no regular file, or cannot be read: it will be excluded."""
    try:
        if not ends(path):
            return b""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def _in_utf_8(name: str) -> str:
    """The name of a file whose bytes may be of another encoding, with these written out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def existing(path: Path, key: str, what: str, limits: Limits = DEFAULT) -> Path:
    """`path`, if it is there: a folder, or a regular file that is not too large. Nothing is read of it: a pipe would be
    waited for, and a device never ends.

    Raises:
        InputError: which says what belongs there.
    """
    try:
        state = path.stat()
    except (OSError, ValueError) as error:
        gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        cause = error.strerror if isinstance(error, OSError) else error
        why = "does not exist" if gone else f"cannot be opened ({cause})"
        raise InputError(f"data.{key}: {_shortened(path)} {why}; {what}") from error
    if stat.S_ISDIR(state.st_mode):
        if not os.access(path, os.R_OK | os.X_OK):
            raise InputError(f"data.{key}: {path} may not be read by this user")
        return path
    if not ends(path):
        why = "is a file of the system itself" if stat.S_ISREG(state.st_mode) else "is a pipe or a device"
        raise InputError(f"data.{key}: {path} {why}, no regular file; {what}")
    if state.st_size > limits.bytes:
        raise InputError(
            f"data.{key}: {path} has {state.st_size:,} bytes, more than data.limits.bytes: {limits.bytes:,}; "
            "give less, or raise that number"
        )
    if not os.access(path, os.R_OK):
        raise InputError(f"data.{key}: {path} may not be read by this user")
    return path


def existing_file(path: Path, key: str, what: str, limits: Limits = DEFAULT) -> Path:
    """`path`, if a regular file is there.

    Raises:
        InputError: as `existing`, and for a folder.
    """
    if existing(path, key, what, limits).is_dir():
        raise InputError(f"data.{key}: {path} is a folder; {what}")
    return path


def existing_folder(path: Path, key: str, what: str) -> Path:
    """`path`, if a folder is there.

    Raises:
        InputError: as `existing`, and for a file.
    """
    if not existing(path, key, what).is_dir():
        raise InputError(f"data.{key}: {path} is a file, where a folder was expected; {what}")
    return path


def require_text(path: Path, key: str) -> None:
    """The file is text in UTF-8, as all that is read here is.

    Raises:
        InputError: naming the line where it is not, and what to do.
    """
    decoder, line, ended = codecs.getincrementaldecoder("utf-8")(), 1, False
    with path.open("rb") as file:
        if kind := next((what for start, what in _OTHER_FILES.items() if file.peek(8).startswith(start)), None):
            raise InputError(
                f"data.{key}: {path.name} is no text in UTF-8, in line 1, but {kind}; open it, and save it in that "
                "encoding"
            )
        while not ended:
            ended = not (part := file.read(2**20))
            try:
                decoder.decode(part, final=ended)  # it may end within a letter
            except UnicodeDecodeError as error:
                raise InputError(_no_text(path, key, line + error.object[: error.start].count(b"\n"))) from error
            if b"\0" in part:
                at = line + part[: part.index(b"\0")].count(b"\n")
                raise InputError(
                    f"{_no_text(path, key, at)}; that line has a zero byte, as UTF-16 and broken files have"
                )
            line += part.count(b"\n")


_OTHER_FILES = {  # by their first bytes
    b"PK\x03\x04": "an archive, as .zip and .xlsx files are",
    b"\xd0\xcf\x11\xe0": "an old workbook, as .xls files are",
    b"\x1f\x8b": "packed, as .gz files are",
    b"PAR1": "a table as .parquet files are",
    b"%PDF-": "a PDF",
    b"\x89PNG": "a picture",
}


def _no_text(path: Path, key: str, line: int) -> str:
    return (
        f"data.{key}: {path.name} is no text in UTF-8, in line {line}; save it in that encoding, for example with "
        f"iconv -f UTF-16 -t UTF-8 (or -f LATIN1, as it was saved)"
    )


def _shortened(path: Path) -> str:
    """A path that may be longer than any is."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]}...{text[-60:]}"


def class_names(folders: Sequence[str], names: Mapping[str, str]) -> Iterator[str]:
    """What a reader calls each class: its name in the config, or that of its folder."""
    if strange := [_in_utf_8(folder) for folder in folders if folder != _in_utf_8(folder)]:
        raise InputError(f"data.path: the name of the folder {strange[0]} is no UTF-8; rename it")
    if unknown := set(names) - set(folders):
        raise InputError(
            f"data.names: {listed(sorted(unknown))} are not folders of the data; there are {listed([*folders])}"
        )
    return (names.get(folder, folder.replace("_", " ")) for folder in folders)


def digests(files: Mapping[str, Path]) -> dict[str, str]:
    """The sha256 of each file, by its key.

    Raises:
        InputError: for a file that cannot be read.
    """
    return {key: _digest(path, key) for key, path in files.items()}


def _digest(path: Path, key: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"data.{key}: {path} cannot be read ({error.strerror})") from error
