"""What `exhibit sign` takes, and what it writes: the signed report in the place of the one before, or nothing."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from exhibit.flows.command_line import path
from exhibit.flows.integrity import require_report
from exhibit.flows.verification import Job, Limits, Verification, usual_gigabytes, verify_within
from exhibit.tasks.document.signoff import Decision, Said, in_words
from exhibit.tasks.records.base import InputError

_SECONDS = 600.0  # that looking at a report may take


def about(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.description = (
        "Adds a signature (PAdES) to a report that was made with 'document.signoff=[ROLE,...]', as a further revision "
        "of the PDF: what was there stays byte by byte. A box on its page for signatures is filled in. `exhibit "
        "verify` says who signed what."
    )
    parser.add_argument("target", type=path, metavar="REPORT.pdf", help="the PDF; it is replaced by the signed one")
    parser.add_argument("--role", required=True, help="one of those that the page has boxes for")
    parser.add_argument("--name", required=True, help="who signs, as it is to be read")
    parser.add_argument("--decision", required=True, choices=get_args(Decision), help="what is signed")
    parser.add_argument("--comment", default="", help="is signed, too, and stands on the page")
    keys = parser.add_mutually_exclusive_group(required=True)
    keys.add_argument(
        "--key",
        type=path,
        metavar="FILE",
        help="a PKCS #12 file (.p12, .pfx) with a key and its certificate, or a key in PEM",
    )
    keys.add_argument(
        "--pkcs11",
        type=path,
        metavar="FILE",
        help="in place of a key: a YAML file with pyHanko's settings of a PKCS #11 token, such as module-path, "
        "token-criteria and cert-label; the passphrase is then its PIN",
    )
    parser.add_argument(
        "--certificate",
        type=path,
        metavar="FILE",
        help="of a key in PEM: its certificate and those above it, where they are not in the file of the key",
    )
    parser.add_argument(
        "--passphrase-env",
        metavar="NAME",
        help="the environment variable that holds the passphrase of the key or the PIN; without it, it is asked for. "
        "It is no option itself, for what is typed is kept by shells and seen by others",
    )
    parser.add_argument("--timestamp", metavar="URL", help="of a server that stamps the time (RFC 3161)")


def sign_file(options: Namespace) -> Iterator[str]:
    """Signs the report, looks at what came out as `exhibit verify` does, and only then puts it in its place.

    Raises:
        InputError: for what cannot be signed, or not with this key; the report is then as it was.
    """
    from exhibit.flows.signing import read_key, require_field, said_of, sign, token_signer

    target: Path = options.target
    said = said_of(options.role, options.name, options.decision, options.comment)
    _require_url(options.timestamp)
    require_report(target)
    if target.is_dir():
        raise InputError(f"{target}: a report.pdf was expected, and this is a directory; sign the PDF in it")
    before = _looked_at(target)
    if before.outcome != "intact":
        raise InputError(f"{target} is not signed, for it is no undamaged report: {'; '.join(before.findings)}")
    data = target.read_bytes()
    size = require_field(target, data, said.role, {one.role: in_words(one.decision) for one in before.signed})
    word = _passphrase(options.passphrase_env)
    if options.key is None and options.certificate is not None:
        raise InputError("--certificate: it belongs to a --key in PEM; a token has its own")
    with (
        token_signer(options.pkcs11, word)
        if options.key is None
        else nullcontext(read_key(options.key, options.certificate, word))
    ) as signer:
        signed = sign(data, said, size, signer, options.timestamp)
    _put_in_place(target, signed, lambda path: _require_signed(path, said, len(before.signed)))
    yield f"signed: {target}"
    yield f"as {in_words(said.role)}: {in_words(said.decision)}, by {said.name}"


def _looked_at(target: Path) -> Verification:
    limits = Limits(seconds=_SECONDS, gigabytes=usual_gigabytes())
    return verify_within(Job(target=target.absolute(), integrity_only=True, limits=limits))


def _require_signed(path: Path, said: Said, before: int) -> None:
    found = _looked_at(path)
    if found.outcome != "intact" or len(found.signed) != before + 1 or found.signed[-1].role != said.role:
        raise InputError(f"the report was not signed, for what came out is not whole: {'; '.join(found.findings)}")


def _put_in_place(target: Path, data: bytes, require: Callable[[Path], None]) -> None:
    """Writes beside the target and renames, so that it is there whole or as it was."""
    place = target.resolve()
    try:
        with TemporaryDirectory(prefix=".sign-", dir=place.parent) as folder:
            path = Path(folder) / place.name
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            require(path)
            path.chmod(place.stat().st_mode & 0o777)
            path.replace(place)
    except OSError as error:
        raise InputError(f"{target} was not replaced: {error.strerror}") from error


def _require_url(url: str | None) -> None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise InputError(f"--timestamp: a URL with http or https was expected, not {url!r}")


def _passphrase(name: str | None) -> Callable[[], str]:
    """How the passphrase is got, where the key has one."""

    def word() -> str:
        if name is not None:
            if name not in os.environ:
                raise InputError(f"--passphrase-env: there is no environment variable {name}")
            return os.environ[name]
        if not sys.stdin.isatty():
            raise InputError(
                "a passphrase or PIN is needed: name the environment variable that holds it, --passphrase-env"
            )
        return getpass("passphrase or PIN: ")

    return word
