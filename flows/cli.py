"""The command line, a function for each command. It owns the exit codes.

0 done, 1 unexpected, 2 bad config or input, 3 done but a required check or a point failed; `verify`: 4 different or not
signed as required, 5 damaged, 6 not derivable here; `diff`: 4, 5; `export`: 5; 130 interrupted.
"""

import argparse
import fcntl
import os
import signal
import sys
import textwrap
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import exhibit
from exhibit.flows.errors import ConfigError, Unfinished, debugging, one_line_message, unknown
from exhibit.flows.pipe import drop_what_nobody_reads
from exhibit.flows.quiet import QUIET
from exhibit.flows.supervisor import supervised
from exhibit.tasks.factory import GROUPS, offered
from exhibit.tasks.own import over
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.shown import escaped, escaped_lines

DONE, UNEXPECTED, BAD_INPUT, CHECK_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

REPORT_ABOUT = (
    "Explains one or several models and writes a report with its evidence. The last line on stdout is `run: DIRECTORY`."
)
CHECK_ABOUT = (
    "Takes what `exhibit report` takes, loads the data, runs the model once, explains a few rows, and says what the "
    "data and the outputs are and what the whole costs. Nothing is written but what was loaded, into the store. (What "
    "is measured about explanations is chosen by the group of the same name: check=[completeness].)"
)
REPORT_HELP = """\
examples:
  exhibit report study=iris
  exhibit report study=iris,digits                  a comma sweeps: two points, two chapters
  exhibit report study=iris 'method=[vanilla_grad,integrated_gradients]'
  exhibit report study=iris model.hidden=64 paths.runs=/tmp/runs runner=inline
  exhibit report study=iris --cfg job               show the composed config, run nothing
  exhibit report study=mine --config-dir my_conf    further options from a folder of your own

groups and their options, chosen by group=option and changed by group.key=value:
"""

DEPLOY_HELP = """\
keys of schedule:
  schedule.cron        minute hour day month weekday, such as '0 6 * * 1' for Mondays at six; needed
  schedule.timezone    IANA name of the zone that it is read in (UTC)
  schedule.name        of the deployment (after its studies)
  schedule.pool        work pool of process workers, made if it is missing (exhibit)

In a path %Y, %m and %d stand for the day for which a run is scheduled, %G and %V for its ISO week. A path has to lie in
a folder that the worker's EXHIBIT_TRUSTED_FOLDERS names. A run that is due while another still runs is cancelled, and
one that takes longer than runner.timeout_seconds, a day where nothing is given, is stopped.

examples:
  exhibit deploy study=iris schedule.cron='0 6 * * 1' schedule.timezone=Asia/Tokyo
  exhibit deploy study=solubility model.fit=never model.weights=net.safetensors data.explain=rows-%Y-%m-%d.csv \\
      schedule.cron='0 6 * * 1'
"""


def main() -> None:
    """The console script `exhibit`."""
    sys.excepthook = _briefly
    signal.signal(signal.SIGINT, _interrupted)
    drop_what_nobody_reads()
    if isinstance(sys.stdout, TextIOWrapper):  # a path may hold letters that the terminal's encoding lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    if not debugging():
        os.environ |= {name: value for name, value in QUIET.items() if name not in os.environ}
    if sys.argv[1:2] in (["report"], ["check"]) and not debugging():
        sys.exit(supervised(lambda: run(sys.argv[1:]), _warn, BAD_INPUT, UNEXPECTED))
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code. For what argparse refuses it exits with 2."""
    commands = "".join(f"  {name:10}{command.__doc__}\n" for name, command in COMMANDS.items())
    parser = _Parser(
        prog="exhibit",
        description="Turns a model, a dataset and a config into a reproducible explanation report.",
        epilog=f"commands, each with --help:\n{commands}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"exhibit {exhibit.__version__}")
    parser.add_argument("command", nargs="?", help="what to do")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the command takes")
    options = parser.parse_args(arguments)
    if options.command is None:
        sys.stderr.write(parser.format_help())
        return BAD_INPUT
    try:
        if options.command not in COMMANDS:
            raise ConfigError(unknown(options.command, "command", options.command, COMMANDS))
        return COMMANDS[options.command](options.arguments)
    except (InputError, Unfinished) as error:
        if debugging():
            raise
        _warn(str(error))
        return BAD_INPUT if isinstance(error, InputError) else UNEXPECTED


def report(arguments: Sequence[str]) -> int:
    """explain models, and write the PDF and the HTML"""
    options = _asked("report", REPORT_ABOUT, arguments)
    if options is None:
        return DONE
    from exhibit.flows.config import read_report

    wanted = read_report(options.overrides, options.config_dir)
    from exhibit.flows.artifacts import changed
    from exhibit.flows.run import run_report

    result = run_report(wanted, ["exhibit", "report", *arguments])
    folder = result.directory
    _tell(f"pdf: {folder / 'report.pdf'}", f"html: {folder / 'report.html'}", f"run: {folder}")
    if since := changed(folder):
        _warn(since)
    if result.failed_points:
        _warn(f"failed: {', '.join(result.failed_points)}; the report says why")
    if result.required_failed:
        _warn("a required check failed; the report says which")
    if result.afterwards:
        _warn(f"the report is whole, but {result.afterwards}")
        return UNEXPECTED
    return CHECK_FAILED if result.required_failed or result.failed_points else DONE


def check(arguments: Sequence[str]) -> int:
    """try a report on a few rows, and say what it costs"""
    options = _asked("check", CHECK_ABOUT, arguments)
    if options is None:
        return DONE
    from exhibit.flows.config import read_report
    from exhibit.flows.rehearse import rehearse

    for line in rehearse(read_report(options.overrides, options.config_dir)):
        _tell(line)
    return DONE


def verify(arguments: Sequence[str]) -> int:
    """check a run directory or a lone PDF, and derive it again"""
    parser = _Parser(
        prog="exhibit verify",
        usage="%(prog)s [OPTION ...] TARGET",  # all of them are listed by --help, and a mistake is not buried by them
        description="Checks that a report is what was written, then computes it again from the config in its evidence, "
        "in a store of its own. What it found is printed, and written to verification.json in the run directory or "
        "NAME.verification.json beside NAME.pdf. "
        "Exit codes: 0 the same bytes, or the same numbers within the stated tolerance; 4 different, or not signed as "
        "required; 5 damaged; "
        "6 intact but not derivable here, and what is missing.",
    )
    parser.add_argument("target", type=Path, metavar="TARGET", help="a run directory, or a report.pdf alone")
    parser.add_argument("--integrity-only", action="store_true", help="compute nothing")
    parser.add_argument(
        "--data",
        type=_folder,
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
        type=Path,
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
    from exhibit.flows.verification import EXIT_CODES, Job, Limits, report_path, usual_gigabytes, verify_within

    parser.add_argument("--max-seconds", type=_positive, default=3600.0, metavar="N", help="of all that is done (3600)")
    parser.add_argument(
        "--max-gigabytes",
        type=_positive,
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
    if (path := report_path(options.target)) is not None:
        try:
            _write(path, f"{result.model_dump_json(indent=2)}\n")
        except OSError as error:  # of a report that lies where nothing may be written
            _warn(f"{error.filename} was not written: {error.strerror}")
    _tell(*str(result).split("\n"))
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

    parser = _Parser(prog="exhibit sign")
    about(parser)
    for line in sign_file(parser.parse_args(arguments)):
        _tell(line)
    return DONE


def export(arguments: Sequence[str]) -> int:
    """pack a run in one zip file, with checksums"""
    from exhibit.flows.export import export as exported
    from exhibit.flows.integrity import Damage
    from exhibit.flows.verification import EXIT_CODES

    parser = _Parser(
        prog="exhibit export",
        description="Packs an undamaged run in one zip file: a bag (BagIt 1.0) with the sha256 of every file and "
        "README.txt, which says how to check them without this program. The same run gives the same bytes. Exit codes: "
        "0 packed; 5 the run is damaged, and nothing was written.",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="a run directory")
    parser.add_argument("archive", type=Path, metavar="FILE.zip", help="what is written")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE.zip where it is there already")
    options = parser.parse_args(arguments)
    try:
        digest = exported(options.run, options.archive, options.overwrite)
    except Damage as damage:
        _warn(f"{options.run} is damaged, so it was not packed:\n{damage}")
        return EXIT_CODES["damaged"]
    _tell(f"sha256: {digest}", f"exported: {options.archive}")
    return DONE


def diff(arguments: Sequence[str]) -> int:
    """say what differs between two reports"""
    from exhibit.flows.difference import difference
    from exhibit.flows.integrity import Damage
    from exhibit.flows.verification import EXIT_CODES

    parser = _Parser(
        prog="exhibit diff",
        description="Compares two undamaged reports: config, data, model, metrics, importances and verdicts of the "
        "points that both have, and says what cannot be compared. Nothing is computed again. Exit codes: 0 the same; "
        "4 different; 5 one of them is damaged.",
    )
    parser.add_argument("first", type=Path, metavar="FIRST", help="a run directory or a report.pdf")
    parser.add_argument("second", type=Path, metavar="SECOND", help="the one to compare with it")
    parser.add_argument("--json", action="store_true", help="for programs: all differences as one record")
    options = parser.parse_args(arguments)
    try:
        found = difference(options.first, options.second)
    except Damage as damage:
        _warn(str(damage))
        return EXIT_CODES["damaged"]
    _tell(*((found.model_dump_json(),) if options.json else found.lines()))
    return DONE if found.same else EXIT_CODES["different"]


def runs(arguments: Sequence[str]) -> int:
    """list the runs of a folder, and whether each is undamaged"""
    from exhibit.flows.runs import list_runs

    parser = _Parser(
        prog="exhibit runs",
        description="Lists the finished runs of a folder, the newest first: name, when it began, size, whether it "
        "is as it was sealed, whether it can be trusted by its own page one, title and studies.",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("runs"), metavar="DIR", help="of runs (runs)")
    parser.add_argument("--json", action="store_true", help="for programs: one record a line")
    options = parser.parse_args(arguments)
    for listed in list_runs(options.folder):
        _tell(listed.model_dump_json() if options.json else str(listed))
    return DONE


def gc(arguments: Sequence[str]) -> int:
    """remove stored results that no run refers to"""
    from exhibit.flows.gc import age, collect, summary

    parser = _Parser(
        prog="exhibit gc",
        description="Says which results in the store no finished run refers to any more, and with --delete removes "
        "them. What a run refers to stays, and so do the runs themselves. While a run uses the store nothing is "
        "removed.",
    )
    parser.add_argument("runs", nargs="*", type=Path, metavar="DIR", help="every folder of runs of this store (runs)")
    parser.add_argument("--store", type=Path, default=Path(".exhibit"), metavar="DIR", help="the store (.exhibit)")
    parser.add_argument("--older-than", default="1d", metavar="AGE", help="younger ones stay; 12h, 30d, 2w (1d)")
    parser.add_argument("--delete", action="store_true", help="remove them; without it nothing is")
    options = parser.parse_args(arguments)
    found = collect(options.store, options.runs or [Path("runs")], age(options.older_than), delete=options.delete)
    _tell(summary(found, deleted=options.delete))
    return DONE


def deploy(arguments: Sequence[str]) -> int:
    """put a report on a schedule, on a Prefect server"""
    parser = _Parser(
        prog="exhibit deploy",
        description="Registers a report on the Prefect server that PREFECT_API_URL names, to be made on a schedule.",
        epilog=DEPLOY_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="+", metavar="KEY=VALUE", help="as for `exhibit report`, and of schedule")
    _add_multirun(parser)
    _add_config_dir(parser)
    options = parser.parse_intermixed_args(arguments)
    _tell_of_multirun(options)
    from exhibit.flows.deploy import deploy as deployed
    from exhibit.flows.deploy import worker_command

    done = deployed(options.overrides, options.config_dir)
    _tell(f"worker: {worker_command(done)}", f"page: {done.page}", f"deployment: {done.name}")
    return DONE


def studies(arguments: Sequence[str]) -> int:
    """list the presets, a line each"""
    import yaml

    from exhibit.flows.compose import option_files

    parser = _Parser(prog="exhibit studies", description="Lists the presets, a line each.")
    _add_config_dir(parser)
    files = option_files("study", parser.parse_args(arguments).config_dir)
    width = max(len(file.stem) for file in files) + 2
    for file in files:
        text = file.read_text(encoding="utf-8")
        title = (yaml.safe_load(text) or {}).get("title", file.stem)
        about = [line[2:] for line in text.splitlines() if line.startswith("# ") and "@package" not in line]
        _tell(f"{file.stem:{width}}{': '.join([title, *about[:1]])}")
    return DONE


def new(arguments: Sequence[str]) -> int:
    """write a folder to explain a model of your own"""
    from exhibit.flows.new import new as written
    from exhibit.flows.new import offered

    parser = _Parser(
        prog="exhibit new",
        description="Writes a folder with a small model, data and a config, which works at once and is there to be "
        "changed. Its README.md says how it is run.",
    )
    kinds = offered()
    parser.add_argument("name", type=Path, metavar="NAME", help="of the folder, which must not be there")
    frameworks = ", ".join(dict.fromkeys(name for names in kinds.values() for name in names))
    parser.add_argument("--framework", default="torch", metavar="NAME", help=f"of the model: {frameworks} (torch)")
    parser.add_argument("--kind", default="table", metavar="KIND", help=f"of the data: {', '.join(kinds)} (table)")
    options = parser.parse_args(arguments)
    files = written(options.name, options.framework, options.kind)
    _tell(*(f"wrote: {options.name / name}" for name in files), f"next: {options.name / 'README.md'}")
    return DONE


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "report": report,
    "check": check,
    "verify": verify,
    "sign": sign,
    "export": export,
    "diff": diff,
    "runs": runs,
    "gc": gc,
    "studies": studies,
    "deploy": deploy,
    "new": new,
}


class _Parser(argparse.ArgumentParser):
    """A parser that repeats what was typed as it may be shown."""

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(escaped_lines(message), file)


def _tell(*lines: str) -> None:
    """Lines of a result, on stdout."""
    sys.stdout.writelines(f"{escaped(line)}\n" for line in lines)


def _warn(text: str) -> None:
    """A message, on stderr."""
    sys.stderr.write(textwrap.indent(f"{escaped_lines(text)}\n", "exhibit: "))


def _asked(command: str, about: str, arguments: Sequence[str]) -> argparse.Namespace | None:
    """What is typed after a command that takes a report's choices and changes; None where help or a config was asked
    for, and is shown."""
    parser = _report_parser(command, about)
    options = parser.parse_intermixed_args(arguments)
    if options.help:
        sys.stdout.write(parser.format_help() + _groups(options.config_dir))
        return None
    _tell_of_multirun(options)
    if options.cfg or options.info:
        _show(options, arguments)
        return None
    return options


def _report_parser(command: str, about: str) -> argparse.ArgumentParser:
    """Of a command that takes a report's choices and changes."""
    parser = _Parser(
        prog=f"exhibit {command}",
        description=about,
        epilog=REPORT_HELP.replace("exhibit report", f"exhibit {command}"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="choices and changes, in Hydra's syntax")
    parser.add_argument("--help", "-h", action="store_true", help="show this, with all groups and options")
    parser.add_argument("--cfg", choices=["job", "hydra", "all"], help="show the composed config, run nothing")
    parser.add_argument("--info", nargs="?", const="all", metavar="WHAT", help="how Hydra composes it; run nothing")
    _add_multirun(parser)
    _add_config_dir(parser)
    return parser


def _add_multirun(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--multirun", "-m", action="store_true", help="may be left out: commas sweep by themselves")


def _tell_of_multirun(options: argparse.Namespace) -> None:
    """Once, to those who know it from Hydra."""
    if options.multirun:
        _warn("--multirun: commas sweep without it, too, and all points are one report")


def _add_config_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config-dir", type=_folder, metavar="DIR", help="a folder with further groups and options")


def _folder(text: str) -> Path:
    folder = Path(text)
    try:
        if folder.is_dir():
            return folder
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise argparse.ArgumentTypeError(f"{text[:200]!r} cannot be opened ({error.strerror})") from error
    raise argparse.ArgumentTypeError(f"there is no directory {text!r}")


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"a number above 0 was expected, not {text!r}")
    return number


def _groups(config_dir: Path | None) -> str:
    from exhibit.flows.compose import groups, option_files
    from exhibit.flows.filed import FILED

    lines = [f"  {name:12}{', '.join(options)}" for name, options in groups(config_dir).items()]
    lines += ["", "or files of your own, as document.card=cards/credit.yaml:"]
    lines += [
        f"  {f'document.{name}':18}{', '.join(file.stem for file in option_files(name, config_dir))}" for name in FILED
    ]
    offers = {group: offered(group) for group in GROUPS}
    lines += ["", "offered by installed packages, as model.factory=NAME and so on:"] * any(offers.values())
    lines += [f"  {group.partition('.')[2]:12}{', '.join(names)}" for group, names in offers.items() if names]
    return "".join(f"{textwrap.fill(line, 110, subsequent_indent=' ' * 14)}\n" for line in lines)


def _show(options: argparse.Namespace, arguments: Sequence[str]) -> None:
    """The config of every point as YAML documents; what concerns Hydra itself is left to Hydra."""
    import hydra
    from omegaconf import OmegaConf

    from exhibit.flows.compose import CONF, PRIMARY, compose_points

    points = compose_points(options.overrides, options.config_dir)
    if options.cfg == "job":
        sys.stdout.write("---\n".join(OmegaConf.to_yaml(point.config) for point in points))
    else:
        sys.argv = ["exhibit report", *(word for word in arguments if word not in ("-m", "--multirun"))]
        hydra.main(version_base="1.3", config_path=str(CONF), config_name=PRIMARY)(lambda _: None)()


def _briefly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Instead of a traceback: what went wrong, and how to see more."""
    if debugging():
        sys.__excepthook__(kind, error, trace)
    else:
        _warn(one_line_message(error))
        sys.stderr.write("set EXHIBIT_DEBUG=1 for the traceback\n")


def _interrupted(number: int, _frame: FrameType | None) -> None:
    """Ends at once, instead of waiting for the threads that compute: the store is whole at any moment."""
    signal.signal(number, signal.SIG_IGN)
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
    sys.stderr.write(f"\n{show_cursor}exhibit: interrupted; what is finished is kept, run the same command to go on\n")
    sys.stderr.flush()
    over()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
