"""What an installed package offers as entry points: a real package with its own metadata in a folder on the path."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.factory import TRUSTED, code_of, load, offered
from exhibit.tasks.methods.factory import MethodFactorySpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.records.base import InputError
from tests.conftest import ROOT, Memory, Project

FILES = {
    "parrot/__init__.py": "",
    "parrot/nets.py": "from parrot.sizes import SIZE\n\n\ndef net():\n    from torch import nn\n\n"
    "    return nn.Linear(SIZE, 3)\n",
    "parrot/sizes.py": "SIZE = 2\n",
    "parrot/rows.py": "import numpy as np\n\n\ndef rows():\n    draws = np.random.default_rng(0)\n"
    "    return {'inputs': {'x': draws.normal(size=(30, 2))}, 'labels': ['a', 'b', 'c'] * 10}\n",
    "parrot/ways.py": "import numpy as np\n\n\ndef ones(model, inputs, baselines, targets):\n"
    "    return {name: np.ones(values.shape) for name, values in inputs.items()}\n",
    "parrot_nets-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: parrot-nets\nVersion: 1.2\n",
    "parrot_nets-1.2.dist-info/RECORD": "parrot/__init__.py,,\nparrot/nets.py,,\n",
    "parrot_nets-1.2.dist-info/top_level.txt": "parrot\n",
    "parrot_nets-1.2.dist-info/entry_points.txt": "[exhibit.models]\nparrot-net = parrot.nets:net\n\n"
    "[exhibit.data]\nparrot-rows = parrot.rows:rows\n\n[exhibit.methods]\nparrot-ones = parrot.ways:ones\n",
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the package is installed in; no module is trusted by name."""
    for name, text in FILES.items():
        (path := tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delenv(TRUSTED, raising=False)
    code_of.cache_clear()
    yield tmp_path / "site"
    code_of.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "parrot"]:
        del sys.modules[name]


def test_a_name_stands_for_the_function_that_the_package_offers(installed: Path) -> None:
    """It is trusted without a word in the environment: who owns the machine has installed it."""
    assert offered("exhibit.models") == {"parrot-net": "parrot.nets:net"}
    assert FactorySpec(factory="parrot-net").factory == "parrot.nets:net"
    assert FactorySpec(factory="parrot.nets:net").factory == "parrot.nets:net"
    assert len(DataFactorySpec(factory="parrot-rows").load(Memory()).labels) == 30
    assert MethodFactorySpec(factory="parrot-ones").factory == "parrot.ways:ones"
    assert load("parrot.nets:net", "model.factory")().out_features == 3


def test_what_it_does_not_offer_is_not_trusted(installed: Path) -> None:
    for factory in ("parrot.sizes:SIZE", "parrot.nets:other"):
        with pytest.raises(ValueError, match="is not trusted on this machine"):
            FactorySpec(factory=factory)


def test_names_that_are_not_there_are_answered_with_those_that_are(installed: Path) -> None:
    said = r"no installed package offers 'parrot-rows'; those of exhibit\.models are parrot-net; a function of your own"
    with pytest.raises(ValueError, match=said):
        FactorySpec(factory="parrot-rows")


def test_without_any_package_that_is_said() -> None:
    with pytest.raises(
        ValueError, match=r"no installed package offers 'x'; none has an entry point of exhibit\.methods"
    ):
        MethodFactorySpec(factory="x")


def test_its_source_and_its_version_count(installed: Path) -> None:
    """Also the package that the offered module is in, and the modules of it that this imports."""
    code = code_of("parrot.nets:net")
    assert set(code["source"]) == {"parrot", "parrot.nets", "parrot.sizes"}
    (installed / "parrot" / "sizes.py").write_text("SIZE = 3\n")
    code_of.cache_clear()
    assert code_of("parrot.nets:net") != code


def test_the_help_lists_what_is_offered(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exhibit", "report", "--help"],
        cwd=ROOT, env={"PYTHONPATH": f"{ROOT / 'src'}:{installed}", "PATH": ""}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    last = done.stdout.splitlines()[-4:]
    assert last == [
        "offered by installed packages, as model.factory=NAME and so on:",
        "  models      parrot-net",
        "  data        parrot-rows",
        "  methods     parrot-ones",
    ]


@pytest.mark.slow
def test_a_report_of_installed_model_data_and_method(
    installed: Path, new_project: Callable[[], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new_project().without_paper()
    for path in installed.iterdir():
        path.rename(project.root / path.name)  # the folder that its processes look into
    words = ["data=factory", "data.factory=parrot-rows", "model=factory", "model.factory=parrot-net"]
    method = ["method=[factory]", "method.factory.factory=parrot-ones", "runner=inline"]
    html = (project.report(*words, *method).directory / "report.html").read_text()
    assert "made by parrot.nets:net" in html
    assert "A method of the user" in html


def test_an_entry_point_in_the_way_of_a_module_is_an_error(installed: Path) -> None:
    (installed / "parrot" / "nets.py").write_text("")
    code_of.cache_clear()
    with pytest.raises(InputError, match=r"there is no function 'net' in 'parrot\.nets'"):
        load("parrot.nets:net", "model.factory")
