"""`exhibit sign`: a signature as a further revision of a report, by somebody with a key of their own (PAdES)."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exhibit.tasks.document.revisions import fields, language, sealed_part
from exhibit.tasks.document.signed_line import drawn_line
from exhibit.tasks.document.signoff import Said
from exhibit.tasks.document.words import listing
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.opening import whole
from exhibit.tasks.records.override import typed
from exhibit.tasks.records.shown import escaped

_STAMP_SECONDS = 30  # that a time-stamp server has for its answer
_LETTERS = 300  # of a name, and of a comment


def said_of(role: str, name: str, decision: str, comment: str) -> Said:
    """What is stated, in one line each.

    Raises:
        InputError: for what is empty or too long, or has letters that are not seen.
    """
    for option, text, least in (("--name", name, 1), ("--comment", comment, 0)):
        if not least <= len(text.strip()) <= _LETTERS:
            raise InputError(f"{option}: between {least} and {_LETTERS} letters were expected, not {len(text.strip())}")
        if escaped(text) != text:
            raise InputError(f"{option}: it has letters that are not seen ({escaped(text)[:60]}); leave them out")
    try:
        return Said.model_validate(
            {"role": role, "name": name.strip(), "decision": decision, "comment": comment.strip()}
        )
    except ValidationError as error:  # pragma: no cover, for what argparse lets through
        raise InputError(f"--decision: {decision!r} is none") from error


def require_field(target: Path, data: bytes, role: str, signed: dict[str, str]) -> tuple[float, float]:
    """Width and height of the box that a role signs in. `signed`: roles that have signed, with what they said.

    Raises:
        InputError: if there is none that is empty.
    """
    found = fields(sealed_part(data))
    if not found:
        raise InputError(
            f"{target}: it has no page for signatures; make the report with {typed('document.signoff', [role])} to "
            "have one"
        )
    if role not in found:
        raise InputError(f"--role: the page of {target} has boxes for {listing(list(found))}, and none for {role}")
    if role in signed:
        raise InputError(f"--role: the {role} has signed already ({signed[role]}); what is signed stays")
    return found[role]


def read_key(path: Path, certificates: Path | None, passphrase: Callable[[], str]) -> Any:
    """A signer (of pyHanko) from a PKCS #12 file, or from a key in PEM with its certificates, in a file of their own or
    in the same. `passphrase`: is asked only where the key has one.

    Raises:
        InputError: for what is no key, a wrong passphrase, and a certificate that is another's or not valid now.
    """
    from asn1crypto import keys, x509
    from cryptography.hazmat.primitives import serialization
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    key, own, others = _opened(path, certificates, passphrase)
    der = serialization.Encoding.DER
    plain = key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SimpleSigner(
        signing_cert=x509.Certificate.load(own.public_bytes(der)),
        signing_key=keys.PrivateKeyInfo.load(plain),
        cert_registry=SimpleCertificateStore.from_certs(
            [x509.Certificate.load(one.public_bytes(der)) for one in others]
        ),
    )


@contextmanager
def token_signer(path: Path, passphrase: Callable[[], str]) -> Iterator[Any]:
    """A signer (of pyHanko) whose key lies on a PKCS #11 token, while a session with it lasts. `path`: a YAML file with
    pyHanko's own settings of one, such as module-path and cert-label; `passphrase`: the PIN, which is asked for unless
    these say that it is in them or typed elsewhere.

    Raises:
        InputError: for settings that are none, and where the token does not open.
    """
    import yaml
    from cryptography import x509
    from pkcs11 import PinIncorrect, PKCS11Error
    from pyhanko.config.errors import ConfigurationError
    from pyhanko.config.pkcs11 import PKCS11PinEntryMode, PKCS11SignatureConfig
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.pkcs11 import PKCS11SigningContext

    text = _bytes("--pkcs11", path)
    try:
        config = PKCS11SignatureConfig.from_config(dict(yaml.safe_load(text)))
    except (ConfigurationError, yaml.YAMLError, TypeError, ValueError, OSError) as error:
        said = " ".join(str(error).split())
        raise InputError(
            f"--pkcs11: settings of a token as pyHanko has them were expected in {path}, such as module-path, "
            f"token-criteria and cert-label ({said})"
        ) from error
    asked = config.user_pin is None and config.prompt_pin is PKCS11PinEntryMode.PROMPT
    try:
        with PKCS11SigningContext(config, passphrase() if asked else None) as signer:
            _require_valid_now("--pkcs11", x509.load_der_x509_certificate(signer.signing_cert.dump()))
            yield signer
    except (PKCS11Error, SigningError) as error:
        cause = error.__cause__ or error
        said = f"{type(cause).__name__}, {' '.join(str(cause).split()) or 'no reason given'}"
        if isinstance(cause, PinIncorrect):
            said = "the PIN is wrong; many tokens lock themselves after a few wrong ones"
        raise InputError(f"--pkcs11: the token of {path} does not sign: {said}") from error


def _opened(path: Path, certificates: Path | None, passphrase: Callable[[], str]) -> tuple[Any, Any, list[Any]]:
    """The key, its certificate, and those of whoever issued that."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.serialization import pkcs12

    data, chain = _bytes("--key", path), b"" if certificates is None else _bytes("--certificate", certificates)
    if b"-----BEGIN" in data:
        key = _with_passphrase(path, passphrase, lambda word: serialization.load_pem_private_key(data, word))
        try:
            found = x509.load_pem_x509_certificates(chain or data)
        except ValueError as error:
            where = path if certificates is None else certificates
            raise InputError(
                f"{where}: no certificate in PEM is in it; give the one that belongs to the key as --certificate"
            ) from error
    else:
        if certificates is not None:
            raise InputError(f"--certificate: {path} is no key in PEM, and a PKCS #12 file holds its own certificates")
        key, own, others = _with_passphrase(path, passphrase, lambda word: pkcs12.load_key_and_certificates(data, word))
        if key is None or own is None:
            raise InputError(f"--key: {path} holds no key with a certificate of its own")
        found = [own, *others]
    own = next((one for one in found if one.public_key() == key.public_key()), None)
    if own is None:
        raise InputError(f"--key: none of the certificates belongs to the key in {path}")
    _require_valid_now("--key", own)
    return key, own, [one for one in found if one is not own]


def _bytes(option: str, path: Path) -> bytes:
    try:
        return whole(path)
    except OSError as error:
        raise InputError(f"{option}: {path} cannot be opened ({error.strerror})") from error


def _with_passphrase(path: Path, passphrase: Callable[[], str], opened: Callable[[bytes | None], Any]) -> Any:
    """What a file holds, without a passphrase if it has none."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return opened(None)
    except (TypeError, ValueError):  # which of them does not say whether it has one
        word = passphrase().encode()
    try:
        return opened(word)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"--key: {path} cannot be opened: the passphrase is wrong, or it is no PKCS #12 file and no key in PEM"
        ) from error


def _require_valid_now(option: str, certificate: Any) -> None:
    first, last, now = certificate.not_valid_before_utc, certificate.not_valid_after_utc, datetime.now(UTC)
    if not first <= now <= last:
        what = f"has expired on {last:%Y-%m-%d}" if now > last else f"is not valid before {first:%Y-%m-%d}"
        raise InputError(
            f"{option}: the certificate of {certificate.subject.rfc4514_string()} {what}; sign with another"
        )


def sign(data: bytes, said: Said, size: tuple[float, float], signer: Any, stamp: str | None = None) -> bytes:
    """The report with a signature behind all that it holds. `size`: of the box; `signer`: of pyHanko; `stamp`: URL of a
    server that stamps the time (RFC 3161).

    Raises:
        InputError: if the server gives no time-stamp, or the key cannot sign.
    """
    when = datetime.now(UTC).replace(second=0, microsecond=0)
    subject = signer.signing_cert.subject
    whose = str(subject.native.get("common_name", subject.human_friendly))
    line = drawn_line(said, when, whose, size, language(data))
    for reserved in (None, *range(_RESERVED, _RESERVED + 16, 2)):
        signed = _revised(data, said, line, signer, stamp, reserved)
        if _UNCLEAR not in signed[len(data) :]:
            break
    return signed


# A packed stream that ends with a carriage return would be taken for one that is a byte shorter, which PDF/A forbids.
# One table in 256 does; with another length of the space for the signature its numbers are others.
_UNCLEAR = b"\r\nendstream"
_RESERVED = 32768  # hexadecimal digits, which is more than signatures take


def _revised(data: bytes, said: Said, line: bytes, signer: Any, stamp: str | None, reserved: int | None) -> bytes:
    """One revision more. `line`: the PDF of what fills the box; `reserved`: the space for the signature, as much as is
    estimated where nothing is said."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
    from pyhanko.sign.timestamps.common_utils import TimestampRequestError
    from pyhanko.sign.timestamps.requests_client import HTTPTimeStamper

    writer = _writer(data)
    looks = writer.import_page_as_xobject(PdfFileReader(io.BytesIO(line)))
    form = [one.get_object() for one in writer.root["/AcroForm"]["/Fields"]]
    field = next(one for one in form if one["/T"] == said.role)
    field["/AP"] = _named({"/N": looks})
    stamper = None if stamp is None else HTTPTimeStamper(stamp, timeout=_STAMP_SECONDS)
    about = PdfSignatureMetadata(
        field_name=said.role,
        name=said.name,
        reason=said.reason,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
    )
    try:
        signed = PdfSigner(about, signer, timestamper=stamper, stamp_style=_as_drawn()).sign_pdf(
            writer, existing_fields_only=True, bytes_reserved=reserved
        )
    except (TimestampRequestError, OSError, KeyError) as error:
        if stamp is None:
            raise
        raise InputError(f"--timestamp: {stamp} gave no time-stamp ({error})") from error
    except (SigningError, PdfError) as error:
        raise InputError(f"the report was not signed: {error}") from error
    return bytes(signed.getvalue())


def _writer(data: bytes) -> Any:
    """Of a further revision, which leaves alone what the report says of itself: its title, its date and its version of
    PDF are those of what was sealed."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class Revision(IncrementalPdfFileWriter):  # type: ignore[misc]
        def _update_meta(self) -> None:
            pass

        def ensure_output_version(self, version: Any) -> None:
            pass

        def register_extension(self, *_: Any) -> None:
            pass

    return Revision(io.BytesIO(data))


def _named(items: dict[str, Any]) -> Any:
    from pyhanko.pdf_utils import generic

    return generic.DictionaryObject({generic.NameObject(key): value for key, value in items.items()})


def _as_drawn() -> Any:
    """A style that leaves a field as it is drawn."""
    from pyhanko.stamp import BaseStampStyle

    class AsDrawn(BaseStampStyle):  # type: ignore[misc]
        def create_stamp(self, *_: Any) -> None:
            return None

    return AsDrawn()
