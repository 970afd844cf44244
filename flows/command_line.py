"""What all commands share: how their words are read, and how they answer."""

import argparse
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from exhibit.tasks.factory import GROUPS, offered
from exhibit.tasks.records.shown import escaped, escaped_lines

DONE, UNEXPECTED, BAD_INPUT, CHECK_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

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


class Parser(argparse.ArgumentParser):
    """A parser that repeats what was typed as it may be shown."""

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(escaped_lines(message), file)


def tell(*lines: str) -> None:
    """Lines of a result, on stdout."""
    sys.stdout.writelines(f"{escaped(line)}\n" for line in lines)


def warn(text: str) -> None:
    """A message, on stderr."""
    sys.stderr.write(textwrap.indent(f"{escaped_lines(text)}\n", "exhibit: "))


def asked(command: str, about: str, arguments: Sequence[str]) -> argparse.Namespace | None:
    """What is typed after a command that takes a report's choices and changes; None where help or a config was asked
    for, and is shown."""
    parser = _report_parser(command, about)
    options = parser.parse_intermixed_args(arguments)
    if options.help:
        sys.stdout.write(parser.format_help() + _groups(options.config_dir))
        return None
    tell_of_multirun(options)
    if options.cfg or options.info:
        _show(options, arguments)
        return None
    return options


def _report_parser(command: str, about: str) -> argparse.ArgumentParser:
    """Of a command that takes a report's choices and changes."""
    parser = Parser(
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
    if command == "report":
        parser.add_argument("--dry-run", action="store_true", help="say what is in the store, and what the rest costs")
    add_multirun(parser)
    add_config_dir(parser)
    return parser


def add_multirun(parser: argparse.ArgumentParser) -> None:
    """What Hydra wants to be told before it sweeps."""
    parser.add_argument("--multirun", "-m", action="store_true", help="may be left out: commas sweep by themselves")


def tell_of_multirun(options: argparse.Namespace) -> None:
    """Once, to those who know it from Hydra."""
    if options.multirun:
        warn("--multirun: commas sweep without it, too, and all points are one report")


def add_config_dir(parser: argparse.ArgumentParser) -> None:
    """Where further options lie."""
    parser.add_argument("--config-dir", type=folder, metavar="DIR", help="a folder with further groups and options")


def folder(text: str) -> Path:
    """A folder that is there, of an argument."""
    place = Path(text)
    try:
        if place.is_dir():
            return place
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise argparse.ArgumentTypeError(f"{text[:200]!r} cannot be opened ({error.strerror})") from error
    raise argparse.ArgumentTypeError(f"there is no directory {text!r}")


def path(text: str) -> Path:
    """A path, of an argument: whatever is there, it can be asked for."""
    place = Path(text)
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return place
    except (OSError, ValueError) as error:  # a name that is too long, links in a loop, a folder that may not be read
        why = error.strerror if isinstance(error, OSError) else error
        raise argparse.ArgumentTypeError(f"{text[:200]!r} cannot be opened ({why})") from error
    return place


def between(least: float, most: float) -> Callable[[str], float]:
    """Takes a number within these bounds, of an argument."""

    def number(text: str) -> float:
        if not _NUMBER(text) or not least <= float(text) <= most:
            raise argparse.ArgumentTypeError(f"a number from {least:.12g} to {most:.12g} was expected, not {text!r}")
        return float(text)

    return number


_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII).fullmatch


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
