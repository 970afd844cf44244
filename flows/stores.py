"""Where the store of a report is: a folder, or a URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from exhibit.flows.errors import Unfinished
from exhibit.tasks.bucket import Bucket
from exhibit.tasks.medium import Unreachable
from exhibit.tasks.store import Store


@dataclass(frozen=True)
class StoreUrl:
    """A place on a server, such as s3://bucket/prefix."""

    text: str

    def __str__(self) -> str:
        return self.text


def place(given: Any) -> Path | StoreUrl:
    """The place that a text names; file:///folder is the folder.

    Raises:
        ValueError: for a URL that cannot be used. What it holds is not repeated: it may be a secret.
    """
    if isinstance(given, Path | StoreUrl):
        return given
    if not isinstance(given, str):
        raise ValueError("a folder or a URL such as s3://bucket/prefix was expected")
    if "://" not in given:
        return Path(given)
    try:
        parts = urlsplit(given)
    except ValueError:
        raise ValueError("this is no URL; s3://bucket/prefix was expected") from None
    if "@" in given:
        raise ValueError(
            "a URL with a name or a password in it would end up in the files of a run; give the URL without them, and "
            "credentials in the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        )
    if parts.query or parts.fragment or "::" in given:
        raise ValueError(
            "a URL without ?, # and :: was expected, such as s3://bucket/prefix; the address of a server of your "
            "own is given in the environment: AWS_ENDPOINT_URL"
        )
    if parts.scheme in ("file", "local"):
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise ValueError("the URL of a folder begins with three strokes, such as file:///data/store")
        return Path(unquote(parts.path))
    if not parts.scheme or not (parts.netloc or parts.path.strip("/")):
        raise ValueError("the URL names no bucket; s3://bucket/prefix was expected")
    return StoreUrl(given.rstrip("/"))


def folder_here(given: Any) -> Any:
    """A folder of this machine, that a text names as a path or as file:///folder.

    Raises:
        ValueError: for the URL of a server, of which a path would be a folder of the name `s3:`.
    """
    if not isinstance(given, str) or "://" not in given:
        return given
    if isinstance(found := place(given), StoreUrl):
        raise ValueError("runs are written to a folder of this machine; only paths.store may be the URL of a server")
    return found


Place = Annotated[
    Path | StoreUrl,
    PlainValidator(place),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "path"}),
]


def opened(where: Path | StoreUrl) -> Store:
    """The store there."""
    return Store(where if isinstance(where, Path) else Bucket(where.text))


@contextmanager
def using(store: Store) -> Iterator[Store]:
    """The store, of which nothing is removed meanwhile.

    Raises:
        Unfinished: where its server does not answer any more.
    """
    with answering(), store.in_use():
        yield store


@contextmanager
def answering() -> Iterator[None]:
    """A server that does not answer any more is no fault of what it is asked for.

    Raises:
        Unfinished: which says so.
    """
    try:
        yield
    except Unreachable as error:
        raise Unfinished(str(error)) from error
