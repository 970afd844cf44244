"""`exhibit check`: a few rows tell what a report would be made of, and what it costs, before anything long is done."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from exhibit.flows.cli import run
from exhibit.flows.compose import groups
from exhibit.flows.config import read_report
from exhibit.flows.rehearse import rehearse, rehearse_unnamed
from exhibit.flows.suited import unexplained
from exhibit.tasks.records.base import InputError


@pytest.fixture
def tried(shared_store: Path) -> Callable[..., list[str]]:
    """What is told of a report."""
    return lambda *words: list(rehearse(read_report([*words, f"paths.store={shared_store}"])))


def test_shapes_ranges_and_outputs_are_those_of_the_data(tried: Callable[..., list[str]]) -> None:
    """Fisher's flowers: 150 of 4 lengths from 0.1 to 7.9 cm, in three species."""
    lines = tried("data=iris", "model=mlp", "method=[vanilla_grad]")
    assert "data: Iris flowers, 150 rows (150 train)" in lines
    assert "label: species, classification of 3: setosa, versicolor, virginica" in lines
    assert "input measurements: 4, float32, from 0.1 to 7.9" in lines
    assert any(line.startswith("outputs: 3, float32, from ") and line.endswith("read as logits") for line in lines)
    assert lines[-1].startswith("costs: the training about ")


def test_what_the_preprocessing_makes_is_told(
    tried: Callable[..., list[str]], own_module: Callable[[str, str], None]
) -> None:
    """Digits from 0 to 16, which the net takes from 0 to 1."""
    own_module(
        "mine",
        "from torch import nn\n\ndef net():\n    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))\n"
        "    return net, lambda inputs: {'image': inputs['image'] / 16}\n",
    )
    lines = tried("data=digits", "model=factory", "model.factory=mine:net", "model.fit=auto", "method=[vanilla_grad]")
    assert "input image: 8 x 8 x 1, float32, from 0 to 16" in lines
    assert "the net is given image: 8 x 8 x 1, float32, from 0 to 1" in lines


def test_the_calls_of_a_method_are_counted_on_a_batch(tried: Callable[..., list[str]]) -> None:
    """All coalitions of four elements, of which two are the sample and the baseline, and these two once more: 18."""
    lines = tried("data=iris", "model=random_forest", "model.trees=5", "method=[kernel_shap]", "selection.limit=40")
    (line,) = (line for line in lines if line.startswith("kernel_shap"))
    assert line.endswith(f" {40 * 18} model calls")


def test_a_method_that_reads_the_net_itself_is_tried_on_one_that_is_counted(tried: Callable[..., list[str]]) -> None:
    few = "method.deep_shap.background=4", "compute.batch=8"
    lines = tried("data=iris", "model=mlp", "method=[deep_shap]", *few)
    assert any(line.startswith("deep_shap: 8 of 150 samples took ") for line in lines)


def test_the_users_own_model_is_run_once_and_its_fault_is_said(
    tried: Callable[..., list[str]], own_module: Callable[[str, str], None]
) -> None:
    own_module("mine", "import torch\n\ndef net():\n    return torch.nn.Linear(5, 3)\n")
    own = "data=iris", "model=factory", "model.factory=mine:net", "method=[vanilla_grad]"
    with pytest.raises(InputError, match="the Linear of mine:net cannot predict this data"):
        tried(*own)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("petals >= 0", r"gives nan for '.*', output 'setosa', and no finite numbers for \d+ of \d+ rows"),
        ("np.isclose(petals, 3.7, atol=0.1) & (petals % 0.1 > 0.01)", "gives nan where method occlusion asks about"),
    ],
    ids=["each row", "what is asked about"],
)
def test_a_model_that_gives_no_number_is_refused_as_in_a_report(
    where: str, said: str, tried: Callable[..., list[str]], own_module: Callable[[str, str], None]
) -> None:
    """It said "nan" and no more. The mean of the training rows, which no row has, is between 3.6 and 3.9."""
    own_module(
        "mine",
        "import numpy as np\n\ndef net():\n    def predict(inputs):\n        petals = inputs['measurements'][:, 2]\n"
        f"        return np.where(({where})[:, None], np.nan, inputs['measurements'][:, :3])\n    return predict\n",
    )
    with pytest.raises(InputError, match=said):
        tried("data=iris", "model=factory", "model.factory=mine:net", "method=[occlusion]")


@pytest.mark.parametrize("framework", ["torch", "keras"])
@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("[:3]", r"for \d+ samples the preprocess gives 'measurements' of shape \(3, 4\); a row for each sample was"),
        (".repeat(2, axis=0)", r"for 1 sample the preprocess gives 'measurements' of shape \(2, 4\)"),
    ],
    ids=["fewer", "more"],
)
def test_a_preprocess_gives_a_row_for_each_sample(
    framework: str, made: str, said: str, tried: Callable[..., list[str]], own_module: Callable[[str, str], None]
) -> None:
    """It said that "the preprocess failed with ValueError: zip()", in a line of our own."""
    nets = {
        "torch": "__import__('torch').nn.Linear(4, 3)",
        "keras": "__import__('keras').Sequential([__import__('keras').layers.Dense(3)])",
    }
    preprocess = f"lambda inputs: {{'measurements': inputs['measurements']{made}}}"
    own_module("mine", f"def net():\n    return {nets[framework]}, {preprocess}\n")
    with pytest.raises(InputError, match=said):
        tried("data=iris", "model=factory", "model.factory=mine:net", "method=[occlusion]")


def test_outputs_of_pictures_without_labels_are_named(
    tried: Callable[..., list[str]], own_module: Callable[[str, str], None], tmp_path: Path
) -> None:
    """The classes of ImageNet are taken where nothing says others; there are no labels to change."""
    own_module(
        "mine",
        "from torch import nn\n\ndef net():\n"
        "    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n",
    )
    folder = tmp_path / "flat"
    folder.mkdir()
    for name in "ab":
        Image.new("RGB", (32, 32), (ord(name), 0, 0)).save(folder / f"{name}.png")
    words = "data=image_folder", f"data.path={folder}", "data.size=32", "model=factory", "model.factory=mine:net"
    with pytest.raises(InputError, match=r"or name its outputs in their order: data\.classes=\[\.\.\.\]"):
        tried(*words, "model.preprocess.scale=1", "method=[vanilla_grad]")


def test_a_torch_net_is_given_no_words(tried: Callable[..., list[str]], own_module: Callable[[str, str], None]) -> None:
    words = "lambda inputs: {'measurements': inputs['measurements'].astype(str)}"
    own_module("mine", f"import torch\n\ndef net():\n    return torch.nn.Linear(4, 3), {words}\n")
    with pytest.raises(InputError, match="the preprocess gives <U32 in 'measurements', and a torch net takes numbers"):
        tried("data=iris", "model=factory", "model.factory=mine:net", "method=[occlusion]")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["data=iris", "model=mlp", "method=[tree_shap]"], "tree_shap explains ensembles of trees"),
        (["data=iris", "model=mlp", "model.hidden=0", "method=[occlusion]"], "model.hidden: given 0"),
        (["data=iris", "model=mlp", "method=[occlusion]", "target=value"], "target.score: 'value' has no meaning"),
        (
            ["data=iris", "model=random_forest", "method=[occlusion]", "check=[complete]"],
            "complete: there is no such option",
        ),
        (["data=table", "data.path=none.csv", "data.label=x", "model=mlp", "method=[occlusion]"], "none.csv"),
    ],
)
def test_bad_input_ends_with_the_sentence_of_the_report(
    words: list[str], said: str, shared_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same from both commands, and exit code 2."""
    places = [f"paths.store={shared_store}", f"paths.runs={tmp_path}", "runner=inline"]
    sentences = []
    for command in ("check", "report"):
        assert run([command, *words, *places]) == 2
        sentences.append(next(line for line in capsys.readouterr().err.splitlines() if said in line))
    assert sentences[0] == sentences[1]


def test_the_command_and_the_group_of_checks_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    """`check` is both: the command is the first word, the group is a key."""
    assert "check" in groups()
    assert run(["check", "--help"]) == 0
    out = capsys.readouterr().out
    assert "usage: exhibit check" in out
    assert "exhibit report" not in out.partition("groups and their options")[0].partition("examples:")[2]
    with pytest.raises(SystemExit, match="2"):
        run(["check", "--chek"])


def test_no_more_is_measured_than_is_explained(tried: Callable[..., list[str]]) -> None:
    """It said "64 of 20 samples"."""
    lines = tried("data=iris", "model=mlp", "method=[vanilla_grad]", "selection.limit=20")
    assert any(line.startswith("vanilla_grad: 20 of 20 samples took ") for line in lines)


def _unnamed(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("method: ")]


@pytest.fixture
def tried_unnamed(shared_store: Path) -> Callable[..., list[str]]:
    """What is told where no method is named; of few rows."""
    few = f"paths.store={shared_store}", "selection.limit=2", "model.seed=0"
    return lambda *words: list(rehearse_unnamed(unexplained([*words, *few], None)))


def test_where_no_method_is_named_those_that_fit_are_and_one_to_begin_with(
    tried_unnamed: Callable[..., list[str]],
) -> None:
    """Nets have gradients and no trees, forests the other way round, and no table is hidden in regions or windows."""
    net = tried_unnamed("data=iris", "model=mlp")
    (line,) = _unnamed(net)
    named = line.partition("there are ")[2].partition("; ")[0].split(", ")
    assert {"integrated_gradients", "vanilla_grad", "occlusion", "kernel_shap"} <= set(named)
    assert not {"tree_shap", "partition_shap", "partition_shap_tokens", "occlusion_windows", "factory"} & set(named)
    assert "begin with 'method=[integrated_gradients]'" in line
    assert any(line.startswith("integrated_gradients: 2 of 2 samples took ") for line in net)
    forest = tried_unnamed("data=iris", "model=random_forest", "model.trees=3")
    (line,) = _unnamed(forest)
    assert "there are kernel_shap, occlusion, tree_shap; begin with 'method=[tree_shap]'" in line
    assert any(line.startswith("tree_shap: 2 of 2 samples took ") for line in forest)


def test_a_model_of_ones_own_tells_itself_what_it_gives(
    tried_unnamed: Callable[..., list[str]], own_module: Callable[[str, str], None]
) -> None:
    """No gradients of an estimator; of one without trees it is said why they are not read."""
    own_module(
        "mine",
        "from sklearn.datasets import load_iris\nfrom sklearn.linear_model import LogisticRegression\n\n"
        "def fitted():\n    return LogisticRegression(max_iter=500).fit(*load_iris(return_X_y=True))\n",
    )
    first, second = _unnamed(tried_unnamed("data=iris", "model=factory", "model.factory=mine:fitted"))
    assert "there are kernel_shap, occlusion; begin with 'method=[kernel_shap]'" in first
    assert second.startswith("method: not tree_shap: ")
    assert second.count("tree_shap: ") == 1  # by which the reason begins, too
    assert "does not explain this LogisticRegression" in second


def test_a_method_that_has_no_rule_for_a_part_of_the_net_is_not_among_those_that_fit(
    tried_unnamed: Callable[..., list[str]], own_module: Callable[[str, str], None]
) -> None:
    """It was listed, and a report with it ended at the net's SiLU."""
    own_module(
        "smooth",
        "from torch import nn\n\ndef net(last=None):\n"
        "    return nn.Sequential(nn.Linear(4, 6), getattr(nn, last)(), nn.Linear(6, 3))\n",
    )
    words = "data=iris", "model=factory", "model.factory=smooth:net", "model.fit=auto", "model.epochs=1"
    first, second = _unnamed(tried_unnamed(*words, "model.arguments.last=SiLU"))
    assert "deep_shap" not in first
    assert second.startswith("method: not deep_shap: SHAP has no exact rule for the module '1' (SiLU)")
    (line,) = _unnamed(tried_unnamed(*words, "model.arguments.last=ReLU"))
    assert "there are deep_shap, expected_gradients, " in line


def test_what_is_wrong_whatever_the_method_is_is_said_as_ever(
    tried_unnamed: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="has no meaning for a classification"):
        tried_unnamed("data=iris", "model=mlp", "target=value")
    assert run(["check", "data=iris"]) == 2
    assert "model: nothing is chosen" in capsys.readouterr().err


def test_what_a_report_would_make_of_the_values_is_made_of_them(
    tried: Callable[..., list[str]], own_module: Callable[[str, str], None]
) -> None:
    """A net that adds up what fills up smaller molecules, too, has values that are no atom's."""
    own_module(
        "filled",
        "import numpy as np\nfrom rdkit import Chem\nfrom torch import nn\n\n"
        "def rows():\n    smiles = {'values': ['CCO', 'CCCCO', 'CCN', 'CCCCN'] * 4, 'kind': 'molecule'}\n"
        "    return {'inputs': {'molecule': smiles}, 'labels': ['a', 'a', 'b', 'b'] * 4}\n\n"
        "def net():\n    net = nn.Sequential(nn.Embedding(20, 3), nn.Flatten(), nn.Linear(18, 2))\n"
        "    return net, lambda inputs: {'molecule': np.array([numbers(one) for one in inputs['molecule']])}\n\n"
        "def numbers(smiles):\n    molecule = Chem.MolFromSmiles(str(smiles))\n"
        "    found = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]\n"
        "    return found + [0] * (6 - len(found))\n",
    )
    with pytest.raises(InputError, match=r"gradient_x_input\.layer: it must hold one row for each atom of 'molecule'"):
        tried("data=factory", "data.factory=filled:rows", "model=factory", "model.factory=filled:net", "model.fit=auto",
              "method=[gradient_x_input]")  # fmt: skip
