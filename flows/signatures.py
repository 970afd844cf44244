"""The signatures of a report: what they say, whether they are those of what was signed, and who is known to have made
them. Nothing is fetched."""

import io
import logging
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationError

from exhibit.tasks.document.revisions import Revision, Unsigned, revisions
from exhibit.tasks.document.signoff import Decision, Said, in_words
from exhibit.tasks.records.base import InputError, Record
from exhibit.tasks.records.opening import whole
from exhibit.tasks.records.shown import escaped

Shown = Annotated[str, AfterValidator(escaped)]  # much of it comes from a report that anyone may have made


class Signed(Record):
    """One signature. `when`: ISO 8601; `stamped_by`: whose time-stamp says so, empty where only the signer's clock
    does; `certificate` and `issuer`: as they call themselves; `doubt`: why it is not known who signed, empty if it is.
    """

    role: Shown
    name: Shown
    decision: Decision
    comment: Shown = ""
    when: str
    stamped_by: Shown = ""
    certificate: Shown
    issuer: Shown
    doubt: Shown = ""

    @property
    def agrees(self) -> bool:
        """Whether somebody who is known has not rejected the report."""
        return not self.doubt and self.decision != "rejected"

    def __str__(self) -> str:
        comment = f" (“{self.comment}”)" if self.comment else ""
        clock = f"as the time-stamp of {self.stamped_by} says" if self.stamped_by else "by the signer's own clock"
        known = (
            f"not known who: {self.doubt}" if self.doubt else "known by --trust; whether it was revoked is not asked"
        )
        decision = f"{in_words(self.decision)}{comment}"
        return "\n".join(
            [
                f"signed as {in_words(self.role)}: {decision}, by “{self.name}”, {self.when} {clock}",
                f"  certificate of {self.certificate}, issued by {self.issuer}; {known}",
                "  nothing but this signature was added to what was there before",
            ]
        )


def unsatisfied(found: Sequence[Signed], required: Sequence[str]) -> Iterator[str]:
    """A sentence for each thing that keeps signatures from being those that are `required`: roles, or "" for any."""
    by_role = {one.role: one for one in found}
    for role in required:
        one = by_role.get(role)
        if role and one is None:
            yield f"--require-signature: nobody has signed as {in_words(role)}"
        elif one is not None and one.doubt:
            yield f"--require-signature: it is not known who signed as {in_words(role)}: {one.doubt}"
    if "" in required and not any(one.agrees for one in found):
        yield "--require-signature: nobody who is known has signed and approved it"
    for one in found:
        if one.decision == "rejected" and not one.doubt:
            yield f"--require-signature: it was rejected by “{one.name}”, who signed as {in_words(one.role)}"


def trusted(path: Path) -> list[Any]:
    """The certificates in a file, PEM or DER, which may be several.

    Raises:
        InputError: if there are none.
    """
    from asn1crypto import pem, x509

    try:
        data = whole(path).removeprefix(BOM_UTF8)
        parts = list(pem.unarmor(data, multiple=True)) if pem.detect(data) else [("CERTIFICATE", {}, data)]
        if others := [kind for kind, _, _ in parts if kind not in _CERTIFICATES]:
            some, kind = len(others) < len(parts), escaped(others[0])
            holds = f"holds a block {kind} as well" if some else f"holds none, but {kind}"
            raise InputError(f"--trust: certificates alone were expected in {path}, and it {holds}")
        found = [x509.Certificate.load(block, strict=True) for _, _, block in parts]
        for one in found:
            _ = one.subject.human_friendly, one.public_key.algorithm
    except InputError:  # which is a ValueError
        raise
    except OSError as error:
        raise InputError(f"--trust: {path} cannot be opened ({error.strerror})") from error
    except (ValueError, TypeError, KeyError) as error:
        wrong = "it holds none that can be read, or beside others one that cannot"
        raise InputError(f"--trust: certificates in PEM or DER were expected in {path}, and {wrong}") from error
    return found


_CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")  # as they are called in PEM


def signatures(data: bytes, sealed: int, trust: Sequence[Any] | None = None) -> tuple[Signed, ...]:
    """All signatures behind the first `sealed` bytes of a report. `trust`: certificates that are believed.

    Raises:
        Unsigned: where anything else is there, or a signature is not one of what is before it.
    """
    found = revisions(data, sealed)
    if not found:
        return ()
    with _quietly():
        return tuple(_read(data, found, trust))


@contextmanager
def _quietly() -> Iterator[None]:
    """The library logs with a traceback what it also says in its answer."""
    loggers = [logging.getLogger(name) for name in ("pyhanko", "pyhanko_certvalidator")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)


def _read(data: bytes, found: Sequence[Revision], trust: Sequence[Any] | None) -> Iterator[Signed]:
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.errors import SignatureValidationError

    field = found[0].field
    try:
        embedded = {one.field_name: one for one in PdfFileReader(io.BytesIO(data)).embedded_signatures}
        if embedded.keys() != {one.field for one in found}:
            raise Unsigned("its signatures are not read alike by two programs")
        for field in [one.field for one in found]:
            yield _checked(embedded[field], field, trust)
    except (PdfError, SignatureValidationError, LookupError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, Unsigned):
            raise
        raise Unsigned(f"the signature of the {field} cannot be read ({type(error).__name__})") from error


def _checked(signature: Any, field: str, trust: Sequence[Any] | None) -> Signed:
    """A signature, if it is one of what is before it."""
    status = _status(signature, trust, None)
    stamp = status.timestamp_validity
    if not (status.intact and status.valid) or (stamp is not None and not (stamp.intact and stamp.valid)):
        raise Unsigned(f"the signature of the {field} is not one of what is before it")
    # What a time-stamp says holds if it is known whose it is; so a certificate may have expired since.
    stamped = stamp is not None and stamp.trusted
    if stamped:
        status = _status(signature, trust, stamp.timestamp)
    try:
        said = Said.of(str(signature.sig_object.get("/Name", "")), str(signature.sig_object.get("/Reason", "")))
    except ValidationError as error:
        raise Unsigned(f"the signature of the {field} says nothing of a decision") from error
    if said.role != field:
        raise Unsigned(f"the signature of the {field} is one of the {said.role}")
    when = stamp.timestamp if stamped else signature.self_reported_timestamp
    certificate = status.signing_cert
    return Signed(
        **said.model_dump(),
        when="at an unknown time" if when is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        stamped_by=stamp.signing_cert.subject.human_friendly if stamped else "",
        certificate=certificate.subject.human_friendly,
        issuer="itself" if certificate.self_issued else certificate.issuer.human_friendly,
        doubt=_doubt(status, trust),
    )


def _status(signature: Any, trust: Sequence[Any] | None, moment: datetime | None) -> Any:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    def context(at: datetime | None) -> Any:
        return ValidationContext(trust_roots=list(trust or ()), allow_fetching=False, moment=at)

    # Of what changed since, `revisions` has made sure.
    return validate_pdf_signature(
        signature,
        context(moment),
        context(None),
        key_usage_settings=KeyUsageConstraints(
            key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False
        ),
        skip_diff=True,
    )


def _doubt(status: Any, trust: Sequence[Any] | None) -> str:
    if trust is None:
        return "--trust names no certificates that are believed"
    if status.trusted:
        return ""
    if status.signing_cert.self_signed != "no":
        return "its certificate was issued by itself, and --trust does not hold it"
    problem = "no reason given" if status.trust_problem_indic is None else status.trust_problem_indic.name
    return _PROBLEMS.get(problem, f"its certificate is not accepted ({in_words(problem.lower())})")


_PROBLEMS = {
    "NO_CERTIFICATE_CHAIN_FOUND": "its certificate leads to none of --trust",
    **dict.fromkeys(
        ("EXPIRED", "OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED"),
        "its certificate has expired, and no time-stamp of somebody who is known says that it was signed before",
    ),
    "NOT_YET_VALID": "its certificate is not valid yet",
    "REVOKED": "its certificate was revoked",
}
