"""A server that speaks S3, on the loopback: what is kept in it outlives that it is stopped, and it can lose answers."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

BUCKET = "bucket"
SECONDS = 1.0  # after which a claim that is not renewed is that of a dead owner
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "some", "AWS_SECRET_ACCESS_KEY": "thing", "AWS_DEFAULT_REGION": "us-east-1"}


class S3:
    """Of moto, which keeps all in memory, a request after the other. `loses`: whether the answer to a request, by its
    method and path, is lost after it was done."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._app = DomainDispatcherApplication(create_backend_app)
        self.loses: Callable[[str, str], bool] = lambda _method, _path: False
        self._port = 0
        self._server: BaseWSGIServer | None = None
        self.start()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        self.client.create_bucket(Bucket=BUCKET)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """With which a program finds it."""
        return CREDENTIALS | {"AWS_ENDPOINT_URL": self.url}

    def start(self) -> None:
        self._server = make_server("127.0.0.1", self._port, self._answer)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """From now on nobody answers at its address."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def names(self, prefix: str) -> list[str]:
        """Of what is kept below a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def __getitem__(self, name: str) -> bytes:
        return bytes(self.client.get_object(Bucket=BUCKET, Key=name)["Body"].read())

    def __setitem__(self, name: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=name, Body=data)

    def _answer(self, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if not self.loses(request["REQUEST_METHOD"], request["PATH_INFO"]):
            return list(self._app(request, start))
        list(self._app(request, lambda *_: None))
        start("503 Service Unavailable", [("Content-Length", "0")])
        return []


@contextmanager
def found(copies: Path) -> Iterator[S3]:
    """A server that is found by the environment; what is read from it is kept in the folder `copies`, too."""
    made = S3()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (made.environment | {"XDG_CACHE_HOME": str(copies)}).items():
            patch.setenv(name, value)
        yield made
    made.stop()
