"""What code of the user's own depends on and no key can hold: modules of names that are made when it runs, folders,
links, variables that a library asks for. A process that begins knows of a change, and so does one that goes on."""

import sqlite3
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exhibit.tasks import factory
from exhibit.tasks.methods.factory import MethodFactorySpec
from exhibit.tasks.records.base import InputError
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.stage import run_stage
from exhibit.tasks.store import Store

NAME = "own_reads"
Ask = Callable[[], tuple[str, bool]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_module: Callable[[str, str], None]) -> Iterator[Ask]:
    """What the function of the module gives, and whether that was stored."""
    monkeypatch.chdir(tmp_path)
    own_module(NAME, "")
    modules, paths = set(sys.modules), list(sys.path)

    def ask() -> tuple[str, bool]:
        method = MethodFactorySpec(factory=f"{NAME}:attribute")
        found = lambda: {"out": str(factory.load(method.factory, "method.factory")()).encode()}  # noqa: E731
        done = run_stage(store, load, {"method": method}, {}, found, [method])
        return store.get(done["out"]).decode(), done.cached

    store = Store(tmp_path / "store")
    yield ask
    monkeypatch.setattr(sys, "path", paths)
    for name in set(sys.modules) - modules:
        if (file := vars(sys.modules[name]).get("__file__") or "").startswith(str(tmp_path)) or not file:
            del sys.modules[name]


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


def link(to: str) -> None:
    write(f"of{to}/gain.txt", to)
    Path("now").unlink(missing_ok=True)
    Path("now").symlink_to(f"of{to}")


def table(gain: str) -> None:
    with sqlite3.connect("gain" + ".db") as base:
        base.executescript(f"drop table if exists gains; create table gains as select {gain} as gain")
    base.close()


WAYS: dict[str, tuple[str, Callable[[str], object]]] = {
    "a module of a name that is made": (
        "import importlib\ndef attribute(): return importlib.import_module('hel' + 'per').GAIN",
        lambda gain: write("helper.py", f"GAIN = {gain}"),
    ),
    "a module from a path that code adds": (
        "import os, sys\nsys.path.append(os.path.abspath('libs'))\nimport apart_helper\n"
        "def attribute(): return apart_helper.GAIN",
        lambda gain: write("libs/apart_helper.py", f"GAIN = {gain}"),
    ),
    "a module by its file": (
        "import importlib.util as util\n"
        "def attribute():\n    spec = util.spec_from_file_location('part', 'parts/' + 'part.py')\n"
        "    part = util.module_from_spec(spec)\n    spec.loader.exec_module(part)\n    return part.GAIN",
        lambda gain: write("parts/part.py", f"GAIN = {gain}"),
    ),
    "a file of a package": (
        "import pkgutil\ndef attribute(): return pkgutil.get_data('bundle', 'ga' + 'in.txt').decode()",
        lambda gain: (write("bundle/__init__.py", ""), write("bundle/gain.txt", gain)),
    ),
    "a file that was read when it was imported": (
        "GAIN = open('gain' + '.txt').read()\ndef attribute(): return GAIN",
        lambda gain: write("gain.txt", gain),
    ),
    "a file that is kept once it was read": (
        "from functools import cache\n@cache\ndef gain(): return open('gain' + '.txt').read()\n"
        "def attribute(): return gain()",
        lambda gain: write("gain.txt", gain),
    ),
    "the files of a folder": (
        "from pathlib import Path\ndef attribute(): return len(list(Path('parts').glob('*')))",
        lambda gain: [write(f"parts/{number}", "") for number in range(int(gain))],
    ),
    "a link to another folder": ("def attribute(): return open('now/' + 'gain.txt').read()", link),
    "a database": (
        "import sqlite3\ndef attribute():\n    base = sqlite3.connect('gain' + '.db')\n"
        "    (gain,), = base.execute('select gain from gains')\n    base.close()\n    return gain",
        table,
    ),
    "a file that another program reads": (
        "import subprocess\ndef attribute():\n"
        "    return subprocess.run(['cat', 'gain' + '.txt'], capture_output=True, text=True).stdout",
        lambda gain: write("gain.txt", gain),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_a_function_reads_in_whatever_way_is_read_again(way: str, ask: Ask) -> None:
    source, change = WAYS[way]
    write(f"{NAME}.py", f"{source}\n")
    change("2")
    assert ask() == ("2", False)
    assert ask() == ("2", True)
    change("5")
    assert ask() == ("5", False)
    assert ask() == ("5", True)


ASKED = {
    "by a library": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    own_gain: int\n"
    "def attribute(): return Settings().own_gain",
    "by a library when it is imported": "from omegaconf import OmegaConf\n"
    "GAIN = OmegaConf.create({'gain': '${oc.env:OWN_GAIN}'}).gain\ndef attribute(): return GAIN",
    "in a text": "import os\ndef attribute(): return os.path.expandvars('$OWN_GAIN')",
    "as bytes": "import os\ndef attribute(): return os.environb[b'OWN_GAIN'].decode()",
}


@pytest.mark.parametrize("way", ASKED)
def test_a_variable_counts_whoever_asks_for_it(way: str, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    write(f"{NAME}.py", f"{ASKED[way]}\n")
    for gain in ("2", "5"):
        monkeypatch.setenv("OWN_GAIN", gain)
        assert ask() == (gain, False)
        assert ask() == (gain, True)


def test_hours_follow_the_zone(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    write(f"{NAME}.py", "import datetime\ndef attribute(): return datetime.datetime.fromtimestamp(0).hour\n")
    with monkeypatch.context() as patch:
        for zone, hour in (("UTC", "0"), ("Asia/Tokyo", "9")):
            patch.setenv("TZ", zone)
            time.tzset()
            assert ask() == (hour, False)
            assert ask() == (hour, True)
    time.tzset()


def test_a_variable_that_the_code_sets_itself_makes_nothing_new(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OWN_GAIN", raising=False)
    write(f"{NAME}.py", "import os\nos.environ['OWN_GAIN'] = '2'\ndef attribute(): return os.environ['OWN_GAIN']\n")
    assert ask() == ("2", False)
    monkeypatch.delenv("OWN_GAIN")
    assert ask() == ("2", True)


def test_code_that_a_process_cannot_load_twice_is_refused_where_it_has_changed(ask: Ask) -> None:
    def pack(gain: str) -> None:
        with zipfile.ZipFile("lib.zip", "w") as archive:
            archive.writestr("in_archive.py", f"GAIN = {gain}\n")

    write(f"{NAME}.py", "import sys\nsys.path.append('lib' + '.zip')\nimport in_archive\n"
                        "def attribute(): return in_archive.GAIN\n")  # fmt: skip
    pack("2")
    assert ask() == ("2", False)
    pack("5")
    with pytest.raises(InputError, match=r"own_reads:attribute: lib\.zip is another file than when this process"):
        ask()
