"""Facts of `exhibit sign`, and of what `exhibit verify` says of signatures. Keys are made here and kept nowhere."""

import io
import json
import random
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pikepdf
import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from page import ValidationProfile, validate_pdf_bytes
from pkcs11 import PinIncorrect
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields as pyhanko_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.pkcs11 import PKCS11SigningContext
from pyhanko.sign.signers import PdfSignatureMetadata, sign_pdf
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from exhibit.flows import cli, signing, signing_command, verification
from exhibit.flows.signatures import signatures, trusted
from exhibit.flows.signing import read_key, sign
from exhibit.flows.verification import Verification
from exhibit.flows.verify import verify
from exhibit.tasks.document.pdf import Attachment, render_part, render_pdf
from exhibit.tasks.document.revisions import Unsigned, _require_only, fields, revisions, sealed_part
from exhibit.tasks.document.signoff import Said
from exhibit.tasks.evidence.evidence import content_digest
from exhibit.tasks.records.base import InputError
from tests.flows.test_keeping import written

PAGE = """<html lang="en"><head><title>{0}</title><style>@page {{ size: A5 }} div {{ height: 26mm }}</style></head>
<body>
<h1 id="a">{0}</h1><p>The petal length leads, with <a href="#a">0.62</a>.</p>{1}</body></html>"""
BOXES = '<h2>Validator</h2><div id="signoff-validator"></div><h2>Owner</h2><div id="signoff-owner"></div>'
SECRET = "correct horse"


@cache
def report(title: str = "Iris", boxes: str = BOXES) -> bytes:
    """The smallest PDF that is a report."""
    rows = pd.DataFrame(columns=["point", "method", "target", "input", "feature", "mean"])
    rows.to_parquet(table := io.BytesIO())
    files = {"config.yaml": b"", "importances.parquet": table.getvalue(), "checks.json": b"[]", "metrics.json": b"[]"}
    some = {"title": "Iris", "source": "a book", "sha256": "0" * 64, "samples": 1, "excluded": []}
    chapters = [{"slug": "iris", "data": some, "weights": {"sha256": "0" * 64, "parameters": 1}, "stages": []}]
    evidence = {
        "schema": "exhibit-evidence/1",
        "document": {"issued": "2026-01-01T00:00:00Z"},
        "content": content_digest(chapters),
        "claim": "the same bytes",
        "config": {},
        "attached": {name: sha256(data).hexdigest() for name, data in files.items()},
        "chapters": chapters,
        "compute": {},
        "seeds": {},
        "libraries": {},
        "platform": {"python": "3", "system": "Linux", "machine": "x"},
        "source": "0" * 64,
    }
    files["evidence.json"] = json.dumps(evidence).encode()
    attached = [Attachment(name=n, description=n, data=data, relationship="Supplement") for n, data in files.items()]
    return render_pdf(PAGE.format(title, boxes), attached, "2026-01-01T00:00:00Z")


def certificate(
    name: str, key: Any, above: tuple[Any, Any] | None = None, days: tuple[int, int] = (-1, 9), stamps: bool = False
) -> x509.Certificate:
    """Of a key; `above`: the certificate and the key that it is issued with, itself where there are none."""
    now, authority = datetime.now(UTC), above is None and name == "Authority"
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signs = x509.KeyUsage(not authority, not authority, False, False, False, authority, authority, False, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called if above is None else above[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(signs, critical=True)
    )
    if stamps:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return made.sign(key if above is None else above[1], hashes.SHA256())


def packed(path: Path, key: Any, own: x509.Certificate, word: str = SECRET) -> Path:
    """A PKCS #12 file."""
    hidden = BestAvailableEncryption(word.encode()) if word else NoEncryption()
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"me", key, own, None, hidden))
    return path


@pytest.fixture(scope="module")
def who(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Ada, whom the authority knows; Eve, who says herself that she is Ada; and Max, whose certificate has expired."""
    folder = tmp_path_factory.mktemp("keys")
    authority, ada, eve = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    top = certificate("Authority", authority)
    (folder / "ca.pem").write_bytes(top.public_bytes(Encoding.PEM))
    own = certificate("Ada", ada, (top, authority))
    files = {
        "ada": packed(folder / "ada.p12", ada, own),
        "eve": packed(folder / "eve.p12", eve, certificate("Ada", eve)),
        "max": packed(folder / "max.p12", ada, certificate("Max", ada, (top, authority), (-9, -2))),
        "open": packed(folder / "open.p12", ada, own, word=""),
    }
    return SimpleNamespace(folder=folder, trust=folder / "ca.pem", top=(top, authority), key=ada, own=own, **files)


@pytest.fixture(scope="module", autouse=True)
def _drawn_once() -> Iterator[None]:
    """Most lines here are the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing, "drawn_line", cache(signing.drawn_line))
        yield


def signer(path: Path) -> Any:
    return read_key(path, None, lambda: SECRET)


def signed(data: bytes, role: str, key: Path, decision: Any = "approved", comment: str = "", stamp: str = "") -> bytes:
    said = Said(role=role, name="Ada Lovelace", decision=decision, comment=comment)
    return sign(data, said, fields(sealed_part(data))[role], signer(key), stamp or None)


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return report()


@pytest.fixture(scope="module")
def once(sealed: bytes, who: SimpleNamespace) -> bytes:
    return signed(sealed, "validator", who.ada, "approved_with_conditions", "watch the drift")


@pytest.fixture(scope="module")
def twice(once: bytes, who: SimpleNamespace) -> bytes:
    return signed(once, "owner", who.ada)


def looked_at(folder: Path, data: bytes, trust: Path | None = None, *require: str) -> Verification:
    (path := folder / "report.pdf").write_bytes(data)
    return verify(path, integrity_only=True, trust=trust, require=require)


def test_what_was_sealed_stays_byte_by_byte(sealed: bytes, once: bytes, twice: bytes) -> None:
    assert twice.startswith(once)
    assert once.startswith(sealed)
    assert sealed_part(twice) == sealed
    assert [(one.field, one.end) for one in revisions(twice, len(sealed))] == [
        ("validator", len(once)),
        ("owner", len(twice)),
    ]


def test_it_is_said_who_signed_what_in_which_role(twice: bytes, who: SimpleNamespace, tmp_path: Path) -> None:
    result = looked_at(tmp_path, twice, who.trust, "validator", "owner")
    assert result.outcome == "intact"
    first, second = result.signed
    assert (first.role, first.name, first.decision, first.comment) == (
        "validator", "Ada Lovelace", "approved_with_conditions", "watch the drift"
    )  # fmt: skip
    assert (first.certificate, first.issuer, first.doubt) == ("Common Name: Ada", "Common Name: Authority", "")
    assert (second.role, second.decision) == ("owner", "approved")
    assert (
        str(result)
        .splitlines()[0]
        .startswith("signed as validator: approved with conditions (“watch the drift”), by “Ada Lovelace”, 20")
    )


def test_other_programs_accept_the_signatures(twice: bytes, who: SimpleNamespace, tmp_path: Path) -> None:
    """pyHanko with its own idea of what may change, and poppler."""
    found = PdfFileReader(io.BytesIO(twice)).embedded_signatures
    context = ValidationContext(trust_roots=list(load_certs_from_pemder([str(who.trust)])), allow_fetching=False)
    assert [validate_pdf_signature(one, context).bottom_line for one in found] == [True, True]
    (path := tmp_path / "s.pdf").write_bytes(twice)
    said = subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=False).stdout
    assert said.count("Signature is Valid.") == 2
    assert "Total document signed" in said


@pytest.mark.parametrize("profile", [ValidationProfile.PDF_UA_1, ValidationProfile.PDF_A_3A], ids=str)
def test_no_rule_of_the_standards_is_broken_by_a_signature(
    sealed: bytes, once: bytes, twice: bytes, profile: ValidationProfile
) -> None:
    assert [one.message for data in (sealed, once) for one in validate_pdf_bytes(data, profile=profile).failures] == []
    # Of two signatures the first cannot cover the second: this tool asks it of both.
    second = {one.message for one in validate_pdf_bytes(twice, profile=profile).failures}
    assert all("/ByteRange" in message for message in second)


def test_no_stream_ends_as_if_it_were_shorter(
    sealed: bytes, who: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If one would, the signature is made again with another space for it, so that other bytes are packed."""
    spaces = []

    def revised(data: bytes, *asked: Any) -> bytes:
        spaces.append(asked[-1])
        return data + (b"\nendstream" if len(spaces) == 3 else b"\r\nendstream")

    monkeypatch.setattr(signing, "_revised", revised)
    assert signed(sealed, "validator", who.ada) == sealed + b"\nendstream"
    assert spaces == [None, 32768, 32770]


def test_a_line_is_drawn_without_such_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed stream that would end so is written as it is."""
    whole = zlib.compressobj

    class Ending:
        def __init__(self, *_: object, **__: object) -> None:
            self.packer = whole()

        def compress(self, data: bytes) -> bytes:
            return self.packer.compress(data)

        def flush(self) -> bytes:
            return self.packer.flush() + b"\r"

    monkeypatch.setattr(zlib, "compressobj", Ending)
    _, data = render_part("<p>a</p>")
    monkeypatch.undo()
    with pikepdf.open(io.BytesIO(data)) as document:
        drawn = document.pages[0].obj.Contents
        assert not drawn.read_raw_bytes().endswith(b"\r")
        assert "/Filter" not in drawn


def test_the_line_on_the_page_says_what_is_signed(twice: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "s.pdf").write_bytes(twice)
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    assert "APPROVED WITH CONDITIONS by Ada Lovelace" in text
    assert "watch the drift" in text


@pytest.mark.parametrize("seed", range(3))
def test_any_bit_that_flips_is_found(sealed: bytes, once: bytes, twice: bytes, who: SimpleNamespace, seed: int) -> None:
    """In what was sealed, in the first signature and in the second."""
    chance, trust = random.Random(seed), trusted(who.trust)
    start, end = [(0, len(sealed)), (len(sealed), len(once)), (len(once), len(twice))][seed]
    # Behind the signature itself, what is left of the space that was kept for it may be anything.
    spare = [(one.hole[0], one.hole[1]) for one in revisions(twice, len(sealed))]
    for _ in range(7):
        place = chance.randrange(start, end)
        if any(first <= place < last for first, last in spare):
            continue
        changed = bytearray(twice)
        changed[place] ^= 1 << chance.randrange(8)
        part = sealed_part(bytes(changed))
        if part == sealed:
            with pytest.raises(Unsigned):
                signatures(bytes(changed), len(part), trust)
        else:
            assert part == bytes(changed)  # nothing in it is sealed


def updated(data: bytes, change: Callable[[IncrementalPdfFileWriter], object]) -> bytes:
    """A report to which somebody appended a revision."""
    change(writer := IncrementalPdfFileWriter(io.BytesIO(data)))
    writer.write(target := io.BytesIO())
    return target.getvalue()


def with_page(writer: IncrementalPdfFileWriter) -> None:
    first = writer.root["/Pages"]["/Kids"][0]
    writer.root["/Pages"]["/Count"] = generic.NumberObject(2)
    writer.root["/Pages"]["/Kids"].append(writer.add_object(generic.DictionaryObject(first.get_object())))
    writer.update_container(writer.root["/Pages"])


def with_note(writer: IncrementalPdfFileWriter) -> None:
    note = {"/Type": "/Annot", "/Subtype": "/Stamp"}
    made = generic.DictionaryObject({generic.NameObject(k): generic.NameObject(v) for k, v in note.items()})
    made[generic.NameObject("/Rect")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 90, 90)))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Annots"].append(writer.add_object(made))
    writer.update_container(page["/Annots"])


def with_file(writer: IncrementalPdfFileWriter) -> None:
    made = writer.add_object(generic.StreamObject(stream_data=b"x"))
    writer.root[generic.NameObject("/AF")].append(made)
    writer.update_root()


def with_nothing(writer: IncrementalPdfFileWriter) -> None:
    writer.add_object(generic.StreamObject(stream_data=b"x"))


def test_anything_behind_a_report_without_a_form_is_damage_in_words() -> None:
    """It was said with the name of an error of Python."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(file := io.BytesIO())
    written = file.getvalue()
    with pytest.raises(Unsigned, match=r"^something was appended to it that nobody has signed$"):
        revisions(written + b"junk", len(written))


CHANGES = {"a page": with_page, "a note": with_note, "a file": with_file, "what is not seen": with_nothing}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_appended_is_damage_signed_or_not(
    sealed: bytes, once: bytes, who: SimpleNamespace, name: str, tmp_path: Path
) -> None:
    """Behind the seal, behind a signature, and in a revision that is signed as it should be."""
    for before in (sealed, once):
        after = updated(before, CHANGES[name])
        [said] = looked_at(tmp_path, after, who.trust).findings
        assert said == "report.pdf: something was appended to it that nobody has signed"
    [said] = looked_at(tmp_path, signed(after, "owner", who.ada), who.trust).findings
    assert said.startswith("report.pdf: what was signed as owner changes ") or "adds something that" in said


def test_a_signature_of_another_program_that_changes_a_page_is_damage(
    sealed: bytes, who: SimpleNamespace, tmp_path: Path
) -> None:
    """pyHanko, told to put a field of its own on the page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    pyhanko_fields.append_signature_field(writer, pyhanko_fields.SigFieldSpec("mine", box=(10, 10, 90, 90)))
    made = sign_pdf(writer, PdfSignatureMetadata(field_name="mine"), signer=signer(who.ada))
    assert looked_at(tmp_path, made.getvalue(), who.trust).outcome == "damaged"
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    made = sign_pdf(writer, PdfSignatureMetadata(field_name="owner"), signer=signer(who.ada))
    assert looked_at(tmp_path, made.getvalue(), who.trust).outcome == "damaged"


def test_a_signature_that_is_cut_off_in_part_is_damage(once: bytes, twice: bytes, tmp_path: Path) -> None:
    """Whole, it leaves no trace: that is what --require-signature ROLE is for."""
    for end in range(len(once) + 1, len(twice), 2500):
        assert looked_at(tmp_path, twice[:end]).outcome == "damaged"
    rest = looked_at(tmp_path, once)
    assert (rest.outcome, len(rest.signed)) == ("intact", 1)
    assert looked_at(tmp_path, once, None, "owner").findings == ("--require-signature: nobody has signed as owner",)


def test_a_signature_of_another_report_is_damage(sealed: bytes, once: bytes, tmp_path: Path) -> None:
    other = report("Tulip")
    assert looked_at(tmp_path, other + once[len(sealed) :]).outcome == "damaged"


def test_a_report_that_is_sealed_again_is_not_signed_by_whom_it_was(who: SimpleNamespace, tmp_path: Path) -> None:
    """Whoever changes it has to leave the signature out, or to sign with a key that nobody knows."""
    other = report("Tulip")
    assert looked_at(tmp_path, other, who.trust, "").outcome == "not signed"
    forged = looked_at(tmp_path, signed(other, "validator", who.eve), who.trust, "validator")
    assert forged.outcome == "not signed"
    assert forged.findings == (
        "--require-signature: it is not known who signed as validator: its certificate was issued "
        "by itself, and --trust does not hold it",
    )
    assert (forged.signed[0].certificate, forged.signed[0].issuer) == ("Common Name: Ada", "itself")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda pem, key: b"", "and it holds none that can be read"),
        (lambda pem, key: pem[:99], "and it holds none that can be read"),
        (lambda pem, key: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "and it holds none that"),
        (lambda pem, key: pem + pem.replace(b"\nM", b"\nA", 1), "or beside others one that cannot"),
        (lambda pem, key: key, "and it holds none, but PRIVATE KEY"),
        (lambda pem, key: pem + key, "and it holds a block PRIVATE KEY as well"),
    ],
    ids=["empty", "cut off", "no certificate in it", "one of two", "a key", "a key beside it"],
)
def test_a_file_to_believe_that_is_none_is_one_sentence(
    who: SimpleNamespace, tmp_path: Path, content: Callable[[bytes, bytes], bytes], words: str
) -> None:
    key = who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (path := tmp_path / "ca.pem").write_bytes(content(who.trust.read_bytes(), key))
    with pytest.raises(InputError, match="^--trust: certificates .*" + words):
        trusted(path)


def test_a_file_to_believe_may_begin_with_a_mark_of_its_order_of_bytes(who: SimpleNamespace, tmp_path: Path) -> None:
    """As editors of Windows write one."""
    (path := tmp_path / "ca.pem").write_bytes(b"\xef\xbb\xbf" + who.trust.read_bytes())
    assert len(trusted(path)) == 1


def test_without_trust_nobody_is_known(once: bytes, tmp_path: Path) -> None:
    result = looked_at(tmp_path, once, None, "")
    assert result.outcome == "not signed"
    assert "not known who: --trust names no certificates that are believed" in str(result)


def test_who_rejects_has_not_signed_as_is_required(
    once: bytes, sealed: bytes, who: SimpleNamespace, tmp_path: Path
) -> None:
    rejected = signed(sealed, "validator", who.ada, "rejected", "too few rows: 12")
    result = looked_at(tmp_path, rejected, who.trust, "validator")
    assert result.outcome == "not signed"
    assert result.findings == ("--require-signature: it was rejected by “Ada Lovelace”, who signed as validator",)
    assert result.signed[0].comment == "too few rows: 12"
    after = signed(once, "owner", who.ada, "rejected")
    assert looked_at(tmp_path, after, who.trust, "validator").outcome == "not signed"
    assert looked_at(tmp_path, after, who.trust).outcome == "intact"


def test_what_a_signature_says_is_shown_without_control_characters(sealed: bytes, who: SimpleNamespace) -> None:
    said = Said(role="validator", name="\x1b[2J\u202eAda", decision="approved", comment="a\nb")
    made = sign(sealed, said, (300, 75), signer(who.ada))
    [found] = signatures(made, len(sealed), trusted(who.trust))
    assert (found.name, found.comment) == ("\\x1b[2J\\u202eAda", "a\\nb")


class Stamps(BaseHTTPRequestHandler):
    """A server that stamps the time, with `stamper`."""

    stamper: DummyTimeStamper

    def do_POST(self) -> None:
        asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.stamper.request_tsa_response(asked).dump()
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def stamps(who: SimpleNamespace) -> Iterator[str]:
    key = rsa.generate_private_key(65537, 2048)
    own = certificate("Clock", key, who.top, stamps=True)
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    class Ours(Stamps):
        stamper = DummyTimeStamper(
            tsa_cert=asn1_x509.Certificate.load(own.public_bytes(Encoding.DER)),
            tsa_key=asn1_keys.PrivateKeyInfo.load(plain),
            certs_to_embed=SimpleCertificateStore(),
            fixed_dt=datetime.now(UTC) - timedelta(minutes=7),
        )

    server = HTTPServer(("127.0.0.1", 0), Ours)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_time_stamp_is_told_from_the_signers_clock(
    sealed: bytes, once: bytes, who: SimpleNamespace, stamps: str
) -> None:
    made = signed(sealed, "validator", who.ada, stamp=stamps)
    [known] = signatures(made, len(sealed), trusted(who.trust))
    assert known.stamped_by == "Common Name: Clock"
    ago = datetime.now(UTC) - datetime.fromisoformat(known.when)
    assert timedelta(minutes=6) < ago < timedelta(minutes=9)
    [unknown] = signatures(made, len(sealed))  # nobody knows whose stamp it is
    assert unknown.stamped_by == ""
    [plain] = signatures(once, len(sealed), trusted(who.trust))
    assert plain.stamped_by == ""


def test_a_server_that_stamps_nothing_is_one_sentence(sealed: bytes, who: SimpleNamespace) -> None:
    with pytest.raises(InputError, match=r"^--timestamp: http://127.0.0.1:9 gave no time-stamp \("):
        signed(sealed, "validator", who.ada, stamp="http://127.0.0.1:9")


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """`exhibit sign`, which looks at reports in this process; the status and what is printed."""
    monkeypatch.setenv("WORD", SECRET)
    monkeypatch.setattr(signing_command, "verify_within", lambda job: verify(job.target, job.integrity_only))

    def run(path: Path, key: Path | None, *more: str) -> tuple[int, str]:
        options = ["--role", "owner", "--name", "Ada", "--decision", "approved", *(["--key", str(key)] if key else [])]
        status = cli.run(["sign", str(path), *options, "--passphrase-env", "WORD", *more])
        out, err = capsys.readouterr()
        return status, out + err

    return run


def test_the_command_replaces_the_report(
    once: bytes, who: SimpleNamespace, typed: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (path := tmp_path / "report.pdf").write_bytes(once)
    path.chmod(0o640)
    assert typed(path, who.ada) == (0, f"signed: {path}\nas owner: approved, by Ada\n")
    assert [one.role for one in verify(path, True, trust=who.trust).signed] == ["validator", "owner"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["report.pdf"]


def test_a_run_whose_report_is_signed_in_its_place_is_whole_and_packed_as_it_is(
    who: SimpleNamespace, typed: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """The manifest states what was sealed, the bag what is in it: the signatures, too."""
    boxes = '<h2>Owner</h2><div id="signoff-owner" style="height: 26mm"></div>'
    run = written(tmp_path / "runs" / "20260101T000000Z-00000000", {"iris": {}}, {"petal": (1.0, 0.01)}, page=boxes)
    assert typed(run / "report.pdf", who.ada)[0] == 0
    assert verify(run, True, trust=who.trust).outcome == "intact"
    assert cli.run(["export", str(run), str(tmp_path / "e.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "e.zip") as packed:
        folder = packed.namelist()[0].partition("/")[0]
        assert packed.read(f"{folder}/data/report.pdf") == (run / "report.pdf").read_bytes()
        digest = sha256((run / "report.pdf").read_bytes()).hexdigest()
        assert digest in packed.read(f"{folder}/README.txt").decode()


def test_a_key_in_pem_signs(
    sealed: bytes, who: SimpleNamespace, typed: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """With and without a passphrase, and with its certificate in the same file or in another."""
    hidden = who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(SECRET.encode()))
    own = who.own.public_bytes(Encoding.PEM)
    (tmp_path / "key.pem").write_bytes(hidden)
    (tmp_path / "own.pem").write_bytes(own)
    plain = who.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "both.pem").write_bytes(plain + own)
    (path := tmp_path / "report.pdf").write_bytes(sealed)
    status, said = typed(path, tmp_path / "key.pem", "--certificate", str(tmp_path / "own.pem"))
    assert status == 0, said
    assert signer(tmp_path / "both.pem").signing_cert.dump() == signer(who.ada).signing_cert.dump()


BAD: dict[str, tuple[Callable[[SimpleNamespace, bytes], bytes], str, list[str], str]] = {
    "a wrong passphrase": (lambda who, pdf: pdf, "ada", ["--passphrase-env", "HOME"], "the passphrase is wrong"),
    "no such variable": (lambda who, pdf: pdf, "ada", ["--passphrase-env", "NO_SUCH"], "no environment variable"),
    "an expired certificate": (lambda who, pdf: pdf, "max", [], "the certificate of CN=Max has expired on 20"),
    "no key": (lambda who, pdf: pdf, "nothing", [], "cannot be opened (No such file or directory)"),
    "certificates alone": (lambda who, pdf: pdf, "trust", [], "it is no PKCS #12 file and no key in PEM"),
    "no such role": (lambda who, pdf: pdf, "ada", ["--role", "auditor"], "has boxes for validator and owner"),
    "twice in a role": (
        lambda who, pdf: signed(pdf, "owner", who.ada, "rejected"), "ada", [], "owner has signed already (rejected)",
    ),
    "no page for it": (lambda who, pdf: report(boxes=""), "ada", [], "document.signoff=[owner]"),
    "no report": (lambda who, pdf: b"%PDF-1.7\nx\n%%EOF\n", "ada", [], "it is no undamaged report"),
    "a damaged report": (lambda who, pdf: pdf[:300] + b"!" + pdf[301:], "ada", [], "it is no undamaged report"),
    "something appended": (lambda who, pdf: pdf + b"\n%x", "ada", [], "it is no undamaged report"),
    "too much to read": (lambda who, pdf: pdf, "ada", ["--comment", 300 * "W"], "make the comment shorter"),
    "too many letters": (lambda who, pdf: pdf, "ada", ["--comment", 301 * "a"], "not 301"),
    "no name": (lambda who, pdf: pdf, "ada", ["--name", " "], "--name: between 1 and 300 letters"),
    "letters that hide": (lambda who, pdf: pdf, "ada", ["--name", "A\x1b[2J"], "letters that are not seen (A\\x1b[2J)"),
    "no URL": (lambda who, pdf: pdf, "ada", ["--timestamp", "clock"], "a URL with http or https was expected"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_signed_is_one_sentence_and_stays_as_it_was(
    sealed: bytes, who: SimpleNamespace, typed: Callable[..., tuple[int, str]], tmp_path: Path, name: str
) -> None:
    spoil, key, more, part = BAD[name]
    (path := tmp_path / "report.pdf").write_bytes(before := spoil(who, sealed))
    status, said = typed(path, vars(who).get(key, tmp_path / "nothing"), *more)
    assert status == 2
    assert part in said
    assert len(said.splitlines()) == 1
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["report.pdf"]


def test_a_token_that_is_none_is_one_sentence(
    sealed: bytes, typed: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """What opens one is pyHanko's; its settings are in a file."""
    (path := tmp_path / "report.pdf").write_bytes(sealed)
    (settings := tmp_path / "token.yaml").write_text("slot: 1")
    assert "settings of a token as pyHanko has them were expected" in typed(path, None, "--pkcs11", str(settings))[1]
    settings.write_text("{module-path: /nowhere.so, token-criteria: {label: a}, cert-label: b}")
    status, said = typed(path, None, "--pkcs11", str(settings))
    assert (status, path.read_bytes()) == (2, sealed)
    assert said.startswith(f"exhibit: --pkcs11: the token of {settings} does not sign: ")
    assert len(said.splitlines()) == 1


# A library of tokens is loaded in a process of its own: beside the libraries of this suite SoftHSM ends the process.
PUT_ON_A_TOKEN = """
import sys
from pathlib import Path
import pkcs11
from pkcs11 import Attribute
from pkcs11.util.ec import decode_ec_private_key
from pkcs11.util.x509 import decode_x509_certificate
library, pin, key, own = sys.argv[1:]
with pkcs11.lib(library).get_token(token_label="validation").open(user_pin=pin, rw=True) as session:
    for item in (decode_ec_private_key(Path(key).read_bytes()), decode_x509_certificate(Path(own).read_bytes())):
        session.create_object({**item, Attribute.TOKEN: True, Attribute.LABEL: "ada", Attribute.ID: b"ada"})
"""


@pytest.fixture
def token(who: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of a token of SoftHSM that holds Ada's key and certificate."""
    library = next(Path("/usr/lib").glob("softhsm/libsofthsm2.so"), None)
    if library is None:
        pytest.fail("SoftHSM is missing (libsofthsm2.so): run .ci/system all")
    (places := tmp_path / "tokens").mkdir()
    (config := tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {places}\n")
    (settings := tmp_path / "token.yaml").write_text(
        f"module-path: {library}\ntoken-criteria: {{label: validation}}\ncert-label: ada\nraw-mechanism: true\n"
    )
    der, plain = Encoding.DER, NoEncryption()
    (key := tmp_path / "key.der").write_bytes(who.key.private_bytes(der, PrivateFormat.TraditionalOpenSSL, plain))
    (own := tmp_path / "own.der").write_bytes(who.own.public_bytes(der))
    monkeypatch.setenv("SOFTHSM2_CONF", str(config))
    made = ("softhsm2-util", "--init-token", "--free", "--label", "validation", "--so-pin", "1234", "--pin", SECRET)
    subprocess.run(made, check=True, capture_output=True)
    put = (sys.executable, "-c", PUT_ON_A_TOKEN, str(library), SECRET, str(key), str(own))
    subprocess.run(put, check=True, capture_output=True)
    return settings


@pytest.mark.slow
def test_a_key_on_a_token_signs(
    sealed: bytes, who: SimpleNamespace, token: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key stays there; its signature is known as one of a file is, and a wrong PIN changes nothing."""
    (path := tmp_path / "report.pdf").write_bytes(sealed)
    monkeypatch.setenv("RIGHT", SECRET)
    monkeypatch.setenv("OTHER", "wrong")

    def typed(variable: str) -> tuple[int, str]:
        said = ("--role", "owner", "--name", "Ada", "--decision", "approved", "--passphrase-env", variable)
        words = (sys.executable, "-m", "exhibit", "sign", str(path), *said, "--pkcs11", str(token))
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    status, said = typed("OTHER")
    assert (status, path.read_bytes()) == (2, sealed)
    assert "the PIN is wrong; many tokens lock themselves after a few wrong ones" in said
    assert typed("RIGHT") == (0, f"signed: {path}\nas owner: approved, by Ada\n")
    (found,) = verify(path, True, trust=who.trust).signed
    assert (found.role, found.certificate, found.doubt) == ("owner", "Common Name: Ada", "")
    listed = subprocess.run(["pdfsig", "-nocert", path], check=False, capture_output=True, text=True).stdout
    assert "Signature is Valid" in listed


def test_a_wrong_pin_is_said_in_words(
    sealed: bytes, typed: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token says of it no more than the name of an error."""

    def opened(_: PKCS11SigningContext) -> None:
        raise SigningError("it does not open") from PinIncorrect()

    monkeypatch.setattr(PKCS11SigningContext, "__enter__", opened)
    (path := tmp_path / "report.pdf").write_bytes(sealed)
    (settings := tmp_path / "token.yaml").write_text("{module-path: /a.so, token-criteria: {label: a}, cert-label: b}")
    status, said = typed(path, None, "--pkcs11", str(settings))
    assert (status, path.read_bytes()) == (2, sealed)
    assert said.splitlines() == [
        f"exhibit: --pkcs11: the token of {settings} does not sign: the PIN is wrong; many tokens lock themselves "
        "after a few wrong ones"
    ]


def test_certificates_that_are_none_are_one_sentence(once: bytes, tmp_path: Path) -> None:
    (bad := tmp_path / "bad.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(InputError, match=r"certificates in PEM or DER were expected"):
        looked_at(tmp_path, once, bad)
    with pytest.raises(InputError, match=r"cannot be opened"):
        looked_at(tmp_path, once, tmp_path / "none.pem")


@pytest.mark.parametrize("apart", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_command_verify_asks_for_signatures(
    once: bytes,
    who: SimpleNamespace,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    apart: bool,
) -> None:
    """As it is typed, in this process or in one of its own."""
    if not apart:
        monkeypatch.setattr(
            verification,
            "verify_within",
            lambda job: verify(job.target, job.integrity_only, trust=job.trust, require=job.require),
        )
    (path := tmp_path / "report.pdf").write_bytes(once)
    asked = ["verify", str(path), "--integrity-only", "--trust", str(who.trust), "--require-signature"]
    assert cli.run([*asked, "owner"]) == 4
    assert "nobody has signed as owner" in capsys.readouterr().out
    assert cli.run(asked) == 0
    written = json.loads((tmp_path / "report.verification.json").read_text())
    assert [one["role"] for one in written["signed"]] == ["validator"]


def test_a_pdf_holds_only_fields_for_signatures(sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(sealed)) as document:
        assert [str(one.FT) for one in document.Root.AcroForm.Fields] == ["/Sig", "/Sig"]
    assert list(fields(sealed)) == ["validator", "owner"]
    assert fields(report(boxes="")) == {}


def numbered(*objects: str) -> bytes:
    """A PDF of objects, the first of which is its catalog."""
    data, places = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{text}\nendobj\n".encode() if text else b""
    lines = [f"{place:010} 00000 {'n' if text else 'f'} \n" for place, text in zip(places, objects, strict=True)]
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{''.join(lines)}"
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 2 0 R /ID [(a) (b)] >>"
    return data + f"{table}{trailer}\nstartxref\n{len(data)}\n%%EOF\n".encode()


FIELD = "<< /Subtype /Widget /FT /Sig /T (owner) %s >>"
PREPARED = (
    "<< /Type /Catalog /AcroForm << /Fields [4 0 R] >> /Pages 3 0 R >>",
    "<< >>",
    "<< /Kids [] /Annots 7 0 R >>",
)
SIGNED = ("<< /SubFilter /ETSI.CAdES.detached >>", FIELD % "/V 5 0 R /AP << /N 6 0 R >>", "<< /Subtype /Form >>")


@pytest.mark.parametrize(
    "later", [["", "<< /A 8 0 R >>"], ["[<< /Subtype /Stamp >>]"], ["12"], ["<< /Subtype /Form >>"]], ids=str
)
def test_what_a_page_refers_to_and_is_not_there_is_not_put_there_by_a_signature(later: list[str]) -> None:
    """Object 7 is named by the pages and missing, so that somebody else's signature may hide what it holds later."""
    before = numbered(*PREPARED, FIELD % "")
    look = SIGNED[1].replace("6 0 R", "7 0 R") if "Form" in later[0] else SIGNED[1]
    packed = f"{SIGNED[2][:-2]} /Length 0 >>\nstream\n\nendstream"
    later = [packed if "Form" in text else text for text in later]
    with pytest.raises(Unsigned):
        _require_only("owner", before, numbered(*PREPARED, look, SIGNED[0], packed, *later))
    _require_only("owner", before, numbered(*PREPARED, SIGNED[1], SIGNED[0], packed))
