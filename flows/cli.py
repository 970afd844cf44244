"""The command line: which commands there are, and those that make something. It owns the exit codes.

0 done, 1 unexpected, 2 bad config or input, 3 done but a required check or a point failed; `verify`: 4 different or not
signed as required, 5 damaged, 6 not derivable here; `diff`: 4, 5; `export`: 5; `render`: 4 other numbers than those
of the run; 130 interrupted.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from types import FrameType, TracebackType

import exhibit
from exhibit.flows.command_line import (
    BAD_INPUT,
    CHECK_FAILED,
    DONE,
    INTERRUPTED,
    UNEXPECTED,
    Parser,
    add_config_dir,
    add_multirun,
    asked,
    path,
    tell,
    tell_of_multirun,
    warn,
)
from exhibit.flows.errors import ConfigError, Unfinished, debugging, one_line_message, unknown
from exhibit.flows.kept import diff, export, gc, runs, sign, verify
from exhibit.flows.pipe import drop_what_nobody_reads
from exhibit.flows.quiet import QUIET, without_grammar
from exhibit.flows.supervisor import supervised
from exhibit.tasks.own import over
from exhibit.tasks.records.base import InputError

REPORT_ABOUT = (
    "Explains one or several models and writes a report with its evidence. The last line on stdout is `run: DIRECTORY`."
)
CHECK_ABOUT = (
    "Takes what `exhibit report` takes, loads the data, runs the model once, explains a few rows, and says what the "
    "data and the outputs are and what the whole costs. Where no method is named it says which there are for such a "
    "model and such data, and which to begin with. Nothing is written but what was loaded, into the store. (What "
    "is measured about explanations is chosen by the group of the same name: check=[completeness].)"
)
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
    without_grammar()
    if sys.argv[1:2] in (["report"], ["render"], ["check"]) and not debugging():
        sys.exit(supervised(lambda: run(sys.argv[1:]), warn, BAD_INPUT, UNEXPECTED))
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code. For what argparse refuses it exits with 2."""
    commands = "".join(f"  {name:10}{command.__doc__}\n" for name, command in COMMANDS.items())
    parser = Parser(
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
        warn(str(error))
        return BAD_INPUT if isinstance(error, InputError) else UNEXPECTED


def report(arguments: Sequence[str], again: Path | None = None) -> int:
    """explain models, and write the PDF and the HTML"""
    options = asked("report", REPORT_ABOUT, arguments)
    if options is None:
        return DONE
    from exhibit.flows.config import read_report

    wanted = read_report(options.overrides, options.config_dir)
    if options.dry_run:
        from exhibit.flows.dry_run import dry_run

        for line in dry_run(wanted):
            tell(line)
        return DONE
    from exhibit.flows.again import other_numbers
    from exhibit.flows.artifacts import changed
    from exhibit.flows.run import run_report
    from exhibit.flows.verification import EXIT_CODES

    result = run_report(wanted, ["exhibit", "report", *arguments])
    folder = result.directory
    tell(f"pdf: {folder / 'report.pdf'}", f"html: {folder / 'report.html'}", f"run: {folder}")
    if since := changed(folder):
        warn(since)
    if result.failed_points:
        warn(f"failed: {', '.join(result.failed_points)}; the report says why")
    if result.required_failed:
        warn("a required check failed; the report says which")
    if again and (others := other_numbers(again, folder)):
        warn(others)
        return EXIT_CODES["different"]
    if result.afterwards:
        warn(f"the report is whole, but {result.afterwards}")
        return UNEXPECTED
    return CHECK_FAILED if result.required_failed or result.failed_points else DONE


def render(arguments: Sequence[str]) -> int:
    """write the pages of a run once more, in another language"""
    parser = Parser(
        prog="exhibit render",
        description="Writes the report of a finished run once more, with other settings of the document, such as its "
        "language. What the store holds is not computed again. Paths that were typed for the run are read from the "
        "current folder. Exit codes are those of report, and 4 where the numbers are not those of the run any more.",
    )
    parser.add_argument("run", type=path, metavar="RUN", help="directory of the run")
    parser.add_argument("overrides", nargs="+", metavar="document.KEY=VALUE", help="such as document.language=ja")
    options = parser.parse_args(arguments)
    from exhibit.flows.again import typed_again

    return report(typed_again(options.run, options.overrides), again=options.run)


def check(arguments: Sequence[str]) -> int:
    """try a report on a few rows, and say what it costs"""
    options = asked("check", CHECK_ABOUT, arguments)
    if options is None:
        return DONE
    from exhibit.flows.config import read_report
    from exhibit.flows.rehearse import rehearse, rehearse_unnamed
    from exhibit.flows.suited import names_none, unexplained

    if names_none(options.overrides):
        lines = rehearse_unnamed(unexplained(options.overrides, options.config_dir))
    else:
        lines = rehearse(read_report(options.overrides, options.config_dir))
    for line in lines:
        tell(line)
    return DONE


def deploy(arguments: Sequence[str]) -> int:
    """put a report on a schedule, on a Prefect server"""
    parser = Parser(
        prog="exhibit deploy",
        description="Registers a report on the Prefect server that PREFECT_API_URL names, to be made on a schedule.",
        epilog=DEPLOY_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="+", metavar="KEY=VALUE", help="as for `exhibit report`, and of schedule")
    add_multirun(parser)
    add_config_dir(parser)
    options = parser.parse_intermixed_args(arguments)
    tell_of_multirun(options)
    from exhibit.flows.deploy import deploy as deployed
    from exhibit.flows.deploy import worker_command

    done = deployed(options.overrides, options.config_dir)
    tell(f"worker: {worker_command(done)}", f"page: {done.page}", f"deployment: {done.name}")
    return DONE


def studies(arguments: Sequence[str]) -> int:
    """list the presets, a line each"""
    import yaml

    from exhibit.flows.compose import option_files

    parser = Parser(prog="exhibit studies", description="Lists the presets, a line each.")
    add_config_dir(parser)
    files = option_files("study", parser.parse_args(arguments).config_dir)
    width = max(len(file.stem) for file in files) + 2
    for file in files:
        text = file.read_text(encoding="utf-8")
        title = str((yaml.safe_load(text) or {}).get("title", file.stem))
        about = [line[2:] for line in text.splitlines() if line.startswith("# ") and "@package" not in line]
        tell(f"{file.stem:{width}}{': '.join([title, *about[:1]])}")
    return DONE


def new(arguments: Sequence[str]) -> int:
    """write a folder to explain a model of your own"""
    from exhibit.flows.new import new as written
    from exhibit.flows.new import offered

    parser = Parser(
        prog="exhibit new",
        description="Writes a folder with a small model, data and a config, which works at once and is there to be "
        "changed. Its README.md says how it is run.",
    )
    kinds = offered()
    parser.add_argument("name", type=path, metavar="NAME", help="of the folder, which must not be there")
    frameworks = ", ".join(dict.fromkeys(name for names in kinds.values() for name in names))
    parser.add_argument("--framework", default="torch", metavar="NAME", help=f"of the model: {frameworks} (torch)")
    parser.add_argument("--kind", default="table", metavar="KIND", help=f"of the data: {', '.join(kinds)} (table)")
    options = parser.parse_args(arguments)
    files = written(options.name, options.framework, options.kind)
    tell(*(f"wrote: {options.name / name}" for name in files), f"next: {options.name / 'README.md'}")
    return DONE


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "report": report,
    "render": render,
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


def _briefly(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Instead of a traceback: what went wrong, and how to see more."""
    if debugging():
        sys.__excepthook__(kind, error, trace)
    else:
        warn(one_line_message(error))
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
