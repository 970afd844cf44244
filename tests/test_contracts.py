"""What a method, a check, data and a model answer is declared in one class each: a new one is covered by itself."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from exhibit.tasks.checks import CHECK_WORDS, CheckSpec
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.data import DataSpec
from exhibit.tasks.data.data import Data
from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.methods.method import Method
from exhibit.tasks.models import ModelSpec
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Capability
from exhibit.tasks.records.base import Choice
from exhibit.tasks.records.explanation import Attribution
from tests.checks.linear import WEIGHTS, linear_case

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for folder in ("flows", "tasks") for path in (ROOT / folder).rglob("*.py"))


def members(union: Any) -> list[Any]:
    """The specs that a config may choose from."""
    return list(get_args(get_args(union)[0]))


METHODS, CHECKS, DATA, MODELS = (members(union) for union in (MethodSpec, CheckSpec, DataSpec, ModelSpec))


def name(kind: type[Choice]) -> str:
    return kind.option()


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", __name__)


_FILE = Path("given.ubj")


def some(kind: type[Any]) -> Any:
    """One with its defaults; what must be given is a word or a file, and a function of this module where that is
    asked for."""
    given = {
        key: f"{__name__}:some" if key == "factory" else _FILE if field.annotation is Path else "given"
        for key, field in kind.model_fields.items()
        if field.is_required()
    }
    return kind.model_construct(**given)


# --- every choice ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*METHODS, *CHECKS, *DATA, *MODELS], ids=name)
def test_a_choice_is_known_by_its_kind_and_says_what_it_is(kind: type[Choice]) -> None:
    assert kind.option() == some(kind).kind
    assert kind.__doc__
    assert not inspect.isabstract(kind)


@pytest.mark.parametrize("kind", [*METHODS, *DATA, *MODELS], ids=name)
def test_a_function_of_the_users_own_is_named_so_that_its_code_is_in_the_key(kind: type[Choice]) -> None:
    assert some(kind).own_function == (f"{__name__}:some" if "factory" in kind.model_fields else None)


# --- methods --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", METHODS, ids=name)
def test_a_method_says_what_a_report_needs(kind: type[Method]) -> None:
    method = some(kind)
    assert isinstance(method, Method)
    assert method.title
    assert method.citation.endswith(".")
    assert isinstance(method.formula, str)
    assert isinstance(method.additive, bool)
    assert method.asks in get_args(Capability)
    assert "kind" not in method.settings()


@pytest.mark.parametrize("kind", METHODS, ids=name)
def test_a_method_that_can_be_set_to_a_layer_says_where_it_looks(kind: type[Method]) -> None:
    method = some(kind)
    assert (method.look is not None) == ("layer" in kind.model_fields)
    assert "at" not in method.settings()
    if method.look is not None:
        there = method.located("embed")
        assert there.look == ("embed", "output")
        assert there.settings()["at"] == "output"
        assert there.located("elsewhere") == there


@pytest.mark.parametrize("kind", METHODS, ids=name)
def test_a_method_with_a_baseline_or_a_background_says_what_it_compares_with(kind: type[Method]) -> None:
    method, fields = some(kind), kind.model_fields
    assert (method.against is not None) == bool({"baseline", "background"} & fields.keys())
    if method.against is not None:
        assert (method.against.rows is not None) == ("background" in fields)


@pytest.mark.parametrize("kind", METHODS, ids=name)
def test_a_method_that_is_refused_says_why_and_what_to_use(kind: type[Method]) -> None:
    said = some(kind).refusal("a_model", "its framework")
    assert said.startswith(f"{kind.option()} ")
    assert "the model a_model" in said
    assert "; use " in said


@pytest.mark.parametrize("kind", METHODS, ids=name)
def test_a_method_counts_what_it_costs_or_says_that_it_does_not(kind: type[Method]) -> None:
    column = np.zeros((3, 1))
    part = Attribution(
        sample_ids=np.arange(3), targets=column.astype(int), values={"x": np.zeros((3, 4, 1))}, prediction=column,
        base_value=column, residual=column, steps=column.astype(int), converged=column == 0,
    )  # fmt: skip
    found = some(kind).cost(part)
    assert found is None or found.gradients + found.evaluations >= 3


# --- checks ---------------------------------------------------------------------------------------------------

PARTS: dict[str, Need] = {
    "dataset": "dataset", "others": "others", "variants": "variants", "trainings": "trainings",
    "score": "model", "explain": "model", "baseline": "model", "randomised": "model",
}  # fmt: skip


class Undeclared(Mapping[str, Any]):
    """A part of a case that a check has not asked for: neither to be read nor to be called."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __call__(self, *_: object) -> Any:
        pytest.fail(f"{self.part} was used and is not among what the check needs, so it is not in its key")

    def __getitem__(self, key: str) -> Any:
        return self()

    def __iter__(self) -> Iterator[str]:
        return self()

    def __len__(self) -> int:
        return self()


@pytest.mark.parametrize("kind", CHECKS, ids=name)
def test_a_check_measures_a_case_by_what_it_declares_to_need(kind: type[Check]) -> None:
    column = np.ones((12, 1))
    whole = Attribution(
        sample_ids=np.arange(12), targets=column.astype(int), values={}, prediction=column, base_value=0 * column,
        residual=0 * column, steps=column.astype(int), converged=column == 1,
    )  # fmt: skip
    regions = np.zeros((12, 2, 2), bool)
    regions[:, 0, 0] = True
    case = linear_case(
        WEIGHTS,
        others={"other": WEIGHTS[::-1]},
        variants={"other": {"background": (1, 2)}},
        regions=regions,
        trainings=[np.array([3.0, 2, 1]), np.array([3.0, 1, 2])],
        randomised=[WEIGHTS[::-1]],
        attributions=[whole],
    )
    hidden: dict[str, Any] = {part: Undeclared(part) for part, need in PARTS.items() if need not in kind.needs}
    result = kind().measure(replace(case, **hidden))
    assert result.check == kind.option()
    assert result.method == "m"
    assert result.verdict in ("pass", "fail", "undecided")
    assert result.threshold is not None
    assert result.sentence.endswith(".")


@pytest.mark.parametrize("kind", CHECKS, ids=name)
def test_a_check_says_its_question_its_words_and_what_it_needs(kind: type[Check]) -> None:
    assert issubclass(kind, Check)
    assert kind.words.question.endswith("?")
    assert kind.words.meaning
    assert kind.needs <= set(get_args(Need))
    assert (kind().trainings > 1) == ("trainings" in kind.needs)
    assert CHECK_WORDS[kind.option()] == kind.words
    assert list(inspect.signature(kind.measure).parameters) == ["self", "case"]


@pytest.mark.parametrize("kind", CHECKS, ids=name)
def test_a_check_has_a_threshold_and_may_be_required(kind: type[Check]) -> None:
    fields = kind.model_fields
    assert fields["threshold"].description
    assert fields["required"].annotation is bool


def test_no_two_checks_say_the_same() -> None:
    assert len({words.question for words in CHECK_WORDS.values()}) == len(CHECKS)


# --- data and models ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DATA, ids=name)
def test_all_data_is_loaded_by_one_call(kind: type[Data]) -> None:
    assert issubclass(kind, Data)
    assert len(inspect.signature(kind.load).parameters) == 2  # itself, and the shelf
    assert isinstance(kind.on_shelf, bool)


@pytest.mark.parametrize("kind", MODELS, ids=name)
def test_a_model_says_what_a_report_needs(kind: type[ModelChoice]) -> None:
    model = some(kind)
    assert isinstance(model, ModelChoice)
    assert model.framework
    assert model.architecture.endswith(".")
    assert model.training.endswith(".")
    assert "predictions" in model.gives
    assert model.gives <= set(get_args(Capability))
    assert isinstance(model.trains, bool)
    assert isinstance(model.stops_early, bool)


@pytest.mark.parametrize("kind", MODELS, ids=name)
def test_a_model_knows_the_files_that_its_weights_are_in(kind: type[ModelChoice]) -> None:
    keys = {key for key, field in kind.model_fields.items() if field.annotation in (Path, Path | None)}
    model = some(kind).model_copy(update=dict.fromkeys(keys, Path("weights.npz")))
    assert {key: path for key, path in model.read_from().items() if path} == dict.fromkeys(keys, Path("weights.npz"))


# --- nobody asks otherwise ------------------------------------------------------------------------------------

# Where an attribute is looked for by its name, and on whose objects: all are foreign.
PROBES = {
    "flows/errors.py during": "notes of any exception",
    "flows/errors.py one_line_message": "notes of any exception",
    "flows/given.py _model": "a model of the user's own",
    "tasks/data/photos.py photograph_of": "scikit-image's functions",
    "tasks/factory.py load": "a module of the user's own",
    "tasks/methods/shap_torch_rules.py _check_module": "torch's modules",
    "tasks/methods/shap_torch_rules.py _overlap": "torch's modules",
    "tasks/methods/shap_torch_rules.py _check_functions": "nodes of torch's graph",
    "tasks/methods/shap_torch_rules.py _name": "torch's functions",
    "tasks/models/callable.py __init__": "an estimator of scikit-learn",
    "tasks/models/callable.py require_values": "an estimator of scikit-learn",
    "tasks/models/factory.py _made": "what a factory of the user's own gave",
    "tasks/models/factory.py _require_columns": "an estimator of scikit-learn",
    "tasks/models/fitted.py _rows": "an estimator of scikit-learn",
    "tasks/models/fitted.py __init__": "models of XGBoost and LightGBM",
    "tasks/models/fitted.py classes": "an estimator of scikit-learn",
    "tasks/models/fitted.py classifies": "an estimator of scikit-learn",
    "tasks/models/fitted.py predict": "an estimator of scikit-learn",
    "tasks/models/fitted.py wanted": "an estimator of scikit-learn",
    "tasks/models/fitted.py width": "an estimator of scikit-learn",
    "tasks/models/keras_dropout.py drop": "Keras' layers",
    "tasks/models/keras_dropout.py dropping": "Keras' layers",
    "tasks/models/keras_factory.py _require_shapes": "a net of Keras, of whatever class",
    "tasks/models/trees.py _nodes": "trees of scikit-learn",
    "tasks/models/zoo/keras_images.py _application": "Keras' functions",
    "tasks/protocols.py own_score": "what a function of the user's own gave",
}


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of the innermost function that it is in."""
    for node in ast.iter_child_nodes(tree):
        where = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else inside
        yield where, node
        yield from functions(node, where)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_our_own_objects_are_never_asked_whether_they_have_an_attribute() -> None:
    found = {
        f"{relative(path)} {where}"
        for path in MODULES
        for where, node in functions(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr")
    }
    assert found == PROBES.keys()


@pytest.mark.parametrize("folder", ["flows", "tasks/stages", "tasks/document"])
def test_no_stage_flow_or_page_knows_a_particular_choice(folder: str) -> None:
    """It is neither imported nor compared with by its name, but for the unions that a config is checked against."""
    classes = {kind.__name__ for kind in [*METHODS, *CHECKS, *DATA, *MODELS]}
    names = {kind.option() for kind in [*METHODS, *CHECKS]} - {"factory"}  # a score may be one too
    for path in sorted((ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text())
        imported = {one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names}
        compared = {
            each.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Compare)
            for each in ast.walk(node)
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        }
        assert not imported & classes, relative(path)
        assert not compared & names, relative(path)


def test_no_stage_depends_on_all_choices() -> None:
    """The unions name every method and every model, and with them every framework."""
    unions = {f"exhibit.tasks.{package}" for package in ("checks", "data", "methods", "models")}
    for path in sorted((ROOT / "tasks" / "stages").glob("*.py")):
        imported = {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
        assert not imported & unions, relative(path)
