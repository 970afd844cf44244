"""The commands about reports that were made before: they are verified, signed, packed, compared, listed, cleared up."""

import fcntl
import os
from argparse import ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exhibit.flows.command_line import DONE, Parser, between, folder, path, tell, warn

if TYPE_CHECKING:
    from exhibit.flows.stores import StoreUrl


def verify(arguments: Sequence[str]) -> int:
    """check a run directory or a lone PDF, and derive it again"""
    parser = Parser(
        prog="exhibit verify",
        usage="%(prog)s [OPTION ...] TARGET",  # all of them are listed by --help, and a mistake is not buried by them
        description="Checks that a report is what was written, then computes it again from the config in its evidence, "
        "in a store of its own. What it found is printed, and written to verification.json in the run directory or "
        "NAME.verification.json beside NAME.pdf. "
        "Exit codes: 0 the same bytes, or the same numbers within the stated tolerance; 2 no report; 4 different, or "
        "not signed as required; 5 damaged, or not read within the limits; "
        "6 intact but not derivable here, and what is missing.",
    )
    parser.add_argument("target", type=path, metavar="TARGET", help="a run directory, or a report.pdf alone")
    parser.add_argument("--integrity-only", action="store_true", help="compute nothing")
    parser.add_argument(
        "--data",
        type=folder,
        metavar="DIR",
        help="look here for the files and folders that the evidence names; they are known by their sha256",
    )
    parser.add_argument(
        "--allow-local",
        action="store_true",
        help="run code of the user's own that the evidence names, from modules that EXHIBIT_TRUSTED_MODULES names, and "
        "open paths that it does not describe",
    )
    parser.add_argument(
        "--trust",
        type=path,
        metavar="CA.pem",
        help="certificates of whoever is believed to say who signed, and when; without it nobody who signed is known",
    )
    parser.add_argument(
        "--require-signature",
        nargs="?",
        action="append",
        const="",
        default=[],
        metavar="ROLE",
        help="end with 4 unless somebody known by --trust has signed as this role (without one: as any), and nobody "
        "who is known has rejected it; may be given again for another role, and a bare one comes after TARGET",
    )
    from exhibit.flows.verification import (
        EXIT_CODES,
        LEAST_GIGABYTES,
        MOST_GIGABYTES,
        MOST_SECONDS,
        Job,
        Limits,
        report_path,
        usual_gigabytes,
        verify_within,
    )

    parser.add_argument(
        "--max-seconds",
        type=between(0.1, MOST_SECONDS),
        default=3600.0,
        metavar="N",
        help="of all that is done (3600)",
    )
    parser.add_argument(
        "--max-gigabytes",
        type=between(LEAST_GIGABYTES, MOST_GIGABYTES),
        default=usual_gigabytes(),
        metavar="N",
        help="of memory for each process, and of each file that is written meanwhile (three quarters of what there is)",
    )
    options = parser.parse_args(arguments)
    result = verify_within(
        Job(
            target=options.target,
            integrity_only=options.integrity_only,
            data=options.data,
            local=options.allow_local,
            trust=options.trust,
            require=options.require_signature,
            limits=Limits(seconds=options.max_seconds, gigabytes=options.max_gigabytes),
        )
    )
    if (left := report_path(options.target)) is not None:
        try:
            _write(left, f"{result.model_dump_json(indent=2)}\n")
        except OSError as error:  # of a report that lies where nothing may be written
            warn(f"{error.filename} was not written: {error.strerror}")
    tell(*str(result).split("\n"))
    return EXIT_CODES[result.outcome]


def _write(path: Path, text: str) -> None:
    """Writes a file that somebody else may write at the same time, into a folder that came from somebody else: through
    no link, into no pipe."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate()
        file.write(text)


def sign(arguments: Sequence[str]) -> int:
    """sign a report.pdf, with a key of your own"""
    from exhibit.flows.signing_command import about, sign_file

    parser = Parser(prog="exhibit sign")
    about(parser)
    for line in sign_file(parser.parse_args(arguments)):
        tell(line)
    return DONE


def export(arguments: Sequence[str]) -> int:
    """pack a run in one zip file, with checksums"""
    from exhibit.flows.export import export as exported
    from exhibit.flows.integrity import Damage
    from exhibit.flows.verification import EXIT_CODES

    parser = Parser(
        prog="exhibit export",
        description="Packs an undamaged run in one zip file: a bag (BagIt 1.0) with the sha256 of every file and "
        "README.txt, which says how to check them without this program. The same run gives the same bytes. Exit codes: "
        "0 packed; 5 the run is damaged, and nothing was written.",
    )
    parser.add_argument("run", type=path, metavar="RUN", help="a run directory")
    parser.add_argument("archive", type=path, metavar="FILE.zip", help="what is written")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE.zip where it is there already")
    options = parser.parse_args(arguments)
    try:
        digest = exported(options.run, options.archive, options.overwrite)
    except Damage as damage:
        warn(f"{options.run} is damaged, so it was not packed:\n{damage}")
        return EXIT_CODES["damaged"]
    tell(f"sha256: {digest}", f"exported: {options.archive}")
    return DONE


def diff(arguments: Sequence[str]) -> int:
    """say what differs between two reports"""
    from exhibit.flows.difference import difference
    from exhibit.flows.integrity import Damage
    from exhibit.flows.verification import EXIT_CODES

    parser = Parser(
        prog="exhibit diff",
        description="Compares two undamaged reports: config, data, model, metrics, importances and verdicts of the "
        "points that both have, card, profile, other settings of the document and signatures, and says what cannot be "
        "compared. Nothing is computed again. Exit codes: 0 the same; 2 one of them is no report; 4 different; "
        "5 one of them is damaged.",
    )
    parser.add_argument("first", type=path, metavar="FIRST", help="a run directory or a report.pdf")
    parser.add_argument("second", type=path, metavar="SECOND", help="the one to compare with it")
    parser.add_argument("--json", action="store_true", help="for programs: all differences as one record")
    options = parser.parse_args(arguments)
    try:
        found = difference(options.first, options.second)
    except Damage as damage:
        warn(str(damage))
        return EXIT_CODES["damaged"]
    tell(*((found.model_dump_json(),) if options.json else found.lines()))
    return DONE if found.same else EXIT_CODES["different"]


def runs(arguments: Sequence[str]) -> int:
    """list the runs of a folder, and whether each is undamaged"""
    from exhibit.flows.runs import list_runs

    parser = Parser(
        prog="exhibit runs",
        description="Lists the finished runs of a folder, the newest first: name, when it began, size, whether it "
        "is as it was sealed, whether it can be trusted by its own page one, title and studies.",
    )
    parser.add_argument("folder", nargs="?", type=path, default=Path("runs"), metavar="DIR", help="of runs (runs)")
    parser.add_argument("--json", action="store_true", help="for programs: one record a line")
    options = parser.parse_args(arguments)
    listed = None
    for listed in list_runs(options.folder):
        tell(listed.model_dump_json() if options.json else str(listed))
    if listed is None:
        warn(f"{options.folder}: no finished run lies in it")
    return DONE


def _place(text: str) -> "Path | StoreUrl":
    """A store, of an argument."""
    from exhibit.flows.stores import place

    try:
        found = place(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
    return path(str(found)) if isinstance(found, Path) else found


def gc(arguments: Sequence[str]) -> int:
    """remove stored results that no run refers to"""
    from exhibit.flows.gc import age, collect, summary, without_runs

    parser = Parser(
        prog="exhibit gc",
        description="Says which results in the store no finished run refers to any more, and with --delete removes "
        "them. What a run refers to stays, and so do the runs themselves. While a run uses the store nothing is "
        "removed.",
    )
    parser.add_argument("runs", nargs="*", type=path, metavar="DIR", help="every folder of runs of this store (runs)")
    parser.add_argument(
        "--store", type=_place, default=Path(".exhibit"), metavar="DIR", help="the store, or its URL (.exhibit)"
    )
    parser.add_argument("--older-than", default="1d", metavar="AGE", help="younger ones stay; 12h, 30d, 2w (1d)")
    parser.add_argument("--delete", action="store_true", help="remove them; without it nothing is")
    options = parser.parse_args(arguments)
    folders = options.runs or [Path("runs")]
    found = collect(options.store, folders, age(options.older_than), delete=options.delete)
    for alone in without_runs(folders):
        warn(f"{alone}: no finished run lies in it, so nothing stays for its sake")
    tell(summary(found, deleted=options.delete))
    return DONE
