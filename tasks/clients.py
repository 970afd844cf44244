"""What is asked once of a server: by any file system of fsspec, or in the words of S3.

Credentials and the address of the server are left to the environment, as the libraries read it: AWS_ACCESS_KEY_ID,
AWS_PROFILE, AWS_ENDPOINT_URL and their like.
"""

import hashlib
import os
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from exhibit.tasks.medium import Kept, Refused

_memory = threading.RLock()  # fsspec's files in memory belong to the whole process, and take no turns by themselves


class Version(NamedTuple):
    """What was read or written, and the mark by which the server knows just this."""

    data: bytes
    mark: str


class Client:
    """What any file system of fsspec does, once."""

    errors: tuple[type[Exception], ...] = (OSError, NotImplementedError, ValueError)

    def __init__(self, url: str) -> None:
        self._fs, self._root = self._opened(url)
        self.turn: AbstractContextManager[Any] = _memory if url.startswith("memory:") else nullcontext()

    def _opened(self, url: str) -> tuple[Any, str]:
        """The file system of a URL, and the path in it."""
        import fsspec

        return fsspec.url_to_fs(url)

    def look(self, name: str) -> Version:
        data = self.read(name)
        return Version(data, hashlib.sha256(data).hexdigest())

    def read(self, name: str) -> bytes:
        data: bytes = self._fs.cat_file(self._path(name))
        return data

    def size(self, name: str) -> int:
        return int(self._fs.size(self._path(name)))

    def write(self, name: str, data: bytes) -> None:
        self._fs.pipe_file(self._path(name), data)

    def write_new(self, name: str, data: bytes) -> Version:
        self._fs.pipe_file(self._path(name), data, mode="create")
        return Version(data, hashlib.sha256(data).hexdigest())

    def write_over(self, name: str, data: bytes, before: Version) -> Version:
        """By looking first: who is held up in between may write over what is newer."""
        if self.look(name) != before:
            raise FileExistsError(name)
        self.write(name, data)
        return Version(data, hashlib.sha256(data).hexdigest())

    def remove(self, name: str) -> None:
        self._fs.rm_file(self._path(name))

    def files(self, part: str) -> dict[str, Kept]:
        found = self._fs.find(self._path(part), detail=True)
        above = len(self._path(""))
        return {path[above:]: Kept(int(info["size"]), _written(info)) for path, info in found.items()}

    def refusal(self, error: Exception) -> str:
        """Why the server will not do it however often it is asked; empty where it may."""
        if isinstance(error, NotImplementedError | ValueError | PermissionError | NotADirectoryError):
            return f"nothing can be kept there ({str(error) or type(error).__name__})"
        return ""

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


class S3(Client):
    """S3, and what speaks its protocol: it writes on the condition that something is as it was."""

    def __init__(self, url: str) -> None:
        from aiohttp import ClientError as HTTPError
        from botocore.exceptions import BotoCoreError, ClientError

        super().__init__(url)
        self._bucket, self._key, _ = self._fs.split_path(self._root)
        self.errors = (OSError, BotoCoreError, ClientError, HTTPError)

    def _opened(self, url: str) -> tuple[Any, str]:
        settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
        shared = _s3(os.getpid(), settings)
        return shared, shared._strip_protocol(url)

    def look(self, name: str) -> Version:
        from fsspec.asyn import sync

        found = self._fs.call_s3("get_object", **self._place(name))
        return Version(sync(self._fs.loop, found["Body"].read), found["ETag"])

    def write_new(self, name: str, data: bytes) -> Version:
        return self._put(name, data, IfNoneMatch="*")

    def write_over(self, name: str, data: bytes, before: Version) -> Version:
        return self._put(name, data, IfMatch=before.mark)

    def refusal(self, error: Exception) -> str:
        from botocore import exceptions as boto

        if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.ProfileNotFound):
            return "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        status, code = _answer(error)
        if status >= 500 or code in _IN_A_WHILE:
            return ""
        if status in (401, 403):
            return f"the server refuses access ({code})"
        if status:
            return f"the server does not do what it is asked for ({code}: {error})"
        if isinstance(error, boto.BotoCoreError) and not isinstance(error, boto.ConnectionError | boto.HTTPClientError):
            return f"it cannot be used ({' '.join(str(error).split())})"
        return ""

    def _put(self, name: str, data: bytes, **condition: str) -> Version:
        try:
            done = self._fs.call_s3("put_object", **self._place(name), Body=data, **condition)
        except OSError as error:
            if _answer(error)[0] == 412:
                raise FileExistsError(name) from error
            raise
        return Version(data, done["ETag"])

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._key}/{name}".lstrip("/")}


@lru_cache(maxsize=4)
def _s3(_process: int, _settings: tuple[tuple[str, str], ...]) -> Any:
    """The file system of all stores on S3 of a process: to make one takes half a second."""
    from s3fs import S3FileSystem

    return S3FileSystem(
        skip_instance_cache=True,
        use_listings_cache=False,
        max_concurrency=1,  # or it would ask for the size before it reads
        config_kwargs={"retries": {"total_max_attempts": 1}, "connect_timeout": 5, "read_timeout": 30},
    )


# Codes of S3 below 500 that ask for another try; of two writers at once the second gets ConditionalRequestConflict.
_IN_A_WHILE = {"ConditionalRequestConflict", "OperationAborted", "RequestTimeout", "SlowDown", "TooManyRequests", "429"}


def _answer(error: Exception) -> tuple[int, str]:
    """The status and the code with which S3 answered; 0 where it did not."""
    from botocore.exceptions import ClientError

    said = error if isinstance(error, ClientError) else error.__cause__
    if not isinstance(said, ClientError):
        return 0, ""
    status = said.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return int(status), str(said.response.get("Error", {}).get("Code", status))


def _written(info: Mapping[str, Any]) -> float:
    """When a file was written, as its file system calls it; where it does not say, just now, so that it stays."""
    found = next((info[key] for key in ("LastModified", "created", "updated", "mtime") if info.get(key)), float("inf"))
    return found.timestamp() if isinstance(found, datetime) else float(found)


def client(url: str) -> Client:
    try:
        return S3(url) if url.startswith(("s3:", "s3a:")) else Client(url)
    except ImportError as error:
        raise Refused(f"{url}: {error}; for s3:// type: pip install 'exhibit[s3]'") from error
    except ValueError as error:
        raise Refused(f"{url}: {error}; a folder, s3://BUCKET/PREFIX or another URL of fsspec was expected") from error
