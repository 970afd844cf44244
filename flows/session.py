"""Explaining from Python: a model and data of a session through the same stages and store as the command, without a
server. `import exhibit` offers what is here as `exhibit.explain`."""

import json
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
from markupsafe import Markup
from omegaconf import OmegaConf

from exhibit.flows.calls import Calls
from exhibit.flows.config import SHARED, Report, read_report
from exhibit.flows.engine import Inline
from exhibit.flows.errors import validated
from exhibit.flows.given import Subject, reading, subject, told
from exhibit.flows.given_labels import Task, Words
from exhibit.flows.kinds import KINDS
from exhibit.flows.places import require_writable
from exhibit.flows.points import Chapter, Given, run_points
from exhibit.flows.progress import Watch
from exhibit.flows.report import explain as make_report
from exhibit.flows.report import front_page
from exhibit.flows.stores import opened, using
from exhibit.flows.suited import usual
from exhibit.tasks.evidence.tables import CHECK_COLUMNS, check_rows, importance_rows
from exhibit.tasks.held import holding
from exhibit.tasks.models.factory import framework_of
from exhibit.tasks.protocols import Capability, Compute
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.explanation import Attribution, Selection
from exhibit.tasks.records.manifest import MANIFEST
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.override import in_shell, literal, quoted
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.records.shown import listed
from exhibit.tasks.stages.rehearsal import rehearse
from exhibit.tasks.store import Store

Choice = str | Sequence[str] | Mapping[str, Mapping[str, Any]]


def explain(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    method: Choice | None = None,
    target: str | int | Sequence[str | int] | None = None,
    check: Choice | None = None,
    names: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    classes: Sequence[Any] | None = None,
    label: str | Sequence[str] = "label",
    task: Task = "auto",
    kind: str | None = None,
    background: Any = None,
    preprocess: Callable[..., Any] | None = None,
    title: str | None = None,
    settings: Mapping[str, Any] | None = None,
    store: str | Path = ".exhibit",
) -> "Explanation":
    """Explains what a model of this session says of the samples X.

    `model`: a torch module or a Keras model (which is left as it is), a fitted estimator, or a function of samples like
    X that gives (samples,) or (samples, outputs).
    `X`: (samples, features) or a DataFrame; images (samples, height, width[, channels]) or with channels first, or a
    list of pictures of one size; a list of sentences, or of SMILES; or a dictionary of these by the name of the input.
    `y`: (samples,) labels of X, or (samples, labels) of a model with an output for each, by which the model is judged;
    None: it is not.
    `method`, `check`: options of these groups by name, as `exhibit report --help` lists them, or a dictionary of
    settings by name; None: what suits the data and the model. `target`: which outputs: predicted, true, top:2, the
    number of an output or the name of a class; None: the predicted class, or the only output. Of several labels one is
    explained at a time, by name; None: the first.
    `names`: of the features of a table, or the tokens that ids of a text count, the padding first; `classes`: of the
    outputs, in their order; `label`: what is predicted, of several labels a name for each. `task`: auto takes several
    outputs for classes, and several columns of y for labels that are numbers or of which any may hold, unless just one
    holds in each sample: then these are classes.
    `kind`: table, image, text, molecule or series, where X does not say. `background`: rows like X that means, and
    methods that compare with a background, take from; None: those of X.
    `preprocess`: of a net: from samples like X to what it takes.
    `settings`: anything else of a config by its key, such as {"selection.limit": 10}. `store`: what is computed is kept
    there, and not computed again.

    Raises:
        InputError: with one sentence, for what cannot be used.
    """
    if not issubclass(type(store), str | Path):  # anything has a text, and a folder of that name would be made
        raise InputError(f"store: the path of a folder was expected, not {type(store).__name__}")
    with reading("settings"):
        given = dict(settings or {})
        started = validated(Compute, {"threads": _threads(), **_of(given, "compute")}, " (compute, in settings)")
    words = Words(names, classes, label, title)
    with _as_before(model):
        found = subject(model, X, y, background, preprocess, kind, task, words, started)

        def overrides(methods: Choice) -> list[str]:
            with reading("method, check, target or settings"):
                told = [
                    "data=factory",
                    "model=factory",
                    "runner=inline",
                    f"paths.store={quoted(str(store))}",
                    f"data.factory={quoted(found.data)}",
                    f"model.factory={quoted(found.model)}",
                    f"title={quoted(found.title)}",
                    *_options("method", methods),
                    *_options("check", check if check is not None else _checks(found)),
                    *_target(target, found),
                ]
                own = [override for override in told if override.partition("=")[0] not in given]
                values = {"compute.threads": started.threads} | given
                return [*own, *(f"{key}={_typed(value)}" for key, value in values.items())]

        with told(found.model, found.data):
            notes: tuple[str, ...] = ()
            chosen = method
            if chosen is None:
                chosen, notes = _usual(found, lambda name: read_report(overrides([name])))
            report = read_report(overrides(chosen))
            require_writable(report)
            with Watch() as watch, holding(found.objects), using(opened(report.paths.store)) as kept:
                calls = Calls(kept, Inline(), watch)
                for note in notes:
                    watch.note(note)
                (chapter,) = run_points(report.points, report.compute, calls, Given())
    return Explanation(found, report, overrides(chosen), chapter, calls.store, notes)


class Explanation:
    """What a model of a session says, and how far that can be trusted. Pages are made when they are asked for."""

    def __init__(
        self,
        found: Subject,
        report: Report,
        overrides: Sequence[str],
        chapter: Chapter,
        store: Store,
        notes: tuple[str, ...],
    ) -> None:
        self._subject, self._report, self._overrides = found, report, overrides
        self._chapter, self._store = chapter, store
        self.notes = notes  # why a method is not the one that such a model is usually explained by, a sentence each
        self._selection = unpack(Selection, store.get(chapter["select"]["selection"]))
        self._material = unpack(Material, store.get(chapter["gather"]["material"]))

    def __repr__(self) -> str:
        said = [f"{row['check']} of {row['method']}: {row['verdict']}" for row in self._checks]
        samples = f"{len(self.samples)} samples by {', '.join(self._chapter.methods)}"
        return f"<exhibit.Explanation of {self._subject.title}: {samples}; {', '.join(said) or 'no check'}>"

    @property
    def samples(self) -> Array:
        """(samples,) which rows of X are explained, in the order of all that is here."""
        rows: Array = self._selection.explained
        return rows

    @property
    def targets(self) -> tuple[str, ...]:
        """What is explained about each sample: the last axis of the attributions, where there are several."""
        return self._selection.target_names

    @cached_property
    def attributions(self) -> dict[str, Any]:
        """By method what each element says for the score, in the layout of X: (samples, ...), and (samples, ...,
        targets) where there are several; by input where X is a dictionary. Atoms, in the order of the canonical SMILES,
        and words are padded with zeros; of a table `features` names the columns."""
        return {label: self._values(found.values) for label, found in self._found.items()}

    @property
    def features(self) -> Any:
        """What the values of a table stand for, in their order: its columns, and where a net is given 0 or 1 for each
        word of a column, these words; by input where X is a dictionary."""
        taken = self._subject.inputs.taken
        found = {item.name: taken[item.name].named(item.features) for item in self._subject.inputs.inputs}
        return next(iter(found.values())) if self._subject.inputs.alone else found

    @cached_property
    def standard_errors(self) -> dict[str, Any]:
        """By method the standard errors of the attributions, of methods that sample: in the layout of X, but those of
        pictures, atoms and words are of the sum over their channels and have none."""
        return {
            label: self._values({name: errors[..., 0] for name, errors in found.standard_error.items()}, found.values)
            for label, found in self._found.items()
            if found.standard_error
        }

    @cached_property
    def scores(self) -> Any:
        """A frame of a row for each method, sample and target: the score, the score at the baseline and the residual
        of the sum."""
        import pandas as pd

        return pd.DataFrame(
            {
                "method": label,
                "sample": int(row),
                "target": target,
                "output": int(found.targets[place, column]),
                "prediction": float(found.prediction[place, column]),
                "base_value": float(found.base_value[place, column]),
                "residual": float(found.residual[place, column]),
            }
            for label, found in self._found.items()
            for place, row in enumerate(self.samples.tolist())
            for column, target in enumerate(self.targets)
        )

    @cached_property
    def importances(self) -> Any:
        """A frame of a row for each method, target and feature, the most important first; as importances.parquet of a
        run."""
        import pandas as pd

        rows = [
            row
            for method in self._material.methods
            for importance in method.summary.importances
            for row in importance_rows(self._material.slug, method.label, importance)
        ]
        columns = ["method", "target", "input", "feature", "mean", "mean_absolute", "standard_error", "count", "rank"]
        return pd.DataFrame(rows, columns=columns).sort_values(["method", "target", "rank"], ignore_index=True)

    @cached_property
    def checks(self) -> Any:
        """A frame of a row for each method and check, with its verdict; as checks.json of a run."""
        import pandas as pd

        return pd.DataFrame(self._checks, columns=[name for name in CHECK_COLUMNS if name != "chapter"])

    @property
    def config(self) -> str:
        """The config as YAML, which is a study where it is saved as conf/study/own.yaml. Comments in it say which two
        functions of a module give the model and the data, and which commands give the same with them, as far as there
        are any."""
        return _as_yaml(self._report, self._overrides, self._subject)

    def write(self, folder: str | Path) -> Path:
        """Writes what `exhibit report` writes into a folder that is made for it; an earlier report there is replaced.

        Raises:
            InputError: where the folder holds something else, or cannot be written.
        """
        directory = Path(folder)
        _require_replaceable(directory)
        paths = self._report.paths.model_copy(update={"runs": directory.absolute().parent})
        require_writable(self._report.model_copy(update={"paths": paths}))
        directory.absolute().parent.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(prefix=".exhibit-", dir=directory.absolute().parent) as beside,
            self._running() as (watch, given),
        ):
            runs = self._report.model_copy(update={"paths": paths.model_copy(update={"runs": Path(beside)})})
            written = make_report(runs, ["exhibit.explain", *self._overrides], Inline(), watch, given).directory
            if directory.exists():
                directory.rename(Path(beside) / secrets.token_hex(4))
            written.rename(directory)
        return directory

    def _repr_html_(self) -> str:
        """Page one, in a frame of its own that may run nothing and fetch nothing."""
        with self._running() as (watch, given):
            source = front_page(self._report, Inline(), watch, given)
        return str(_FRAME.format(source, self._subject.title))

    @contextmanager
    def _running(self) -> Iterator[tuple[Watch, Given]]:
        """The session's objects are there under their names, as they were explained.

        Raises:
            InputError: where they say something else by now.
        """
        with (
            _as_before(self._subject.net),
            told(self._subject.model, self._subject.data),
            holding(self._subject.objects),
            using(self._store),
            Watch() as watch,
        ):
            calls = Calls(self._store, Inline(), watch)
            (chapter,) = run_points(self._report.points, self._report.compute, calls, Given())
            if chapter["gather"]["material"] != self._chapter["gather"]["material"]:
                raise InputError(
                    "model: it, or a file that it reads, has changed since it was explained; a report says what was "
                    "explained, so explain it again"
                )
            yield watch, Given()

    @cached_property
    def _found(self) -> dict[str, Attribution]:
        shards = {label: trainings[0] for label, trainings in self._chapter.attributed.items()}
        return {
            label: Attribution.joined(
                [unpack(Attribution, self._store.get(done["attribution"])) for _, _, done in parts]
            )
            for label, parts in shards.items()
        }

    def _values(self, values: Mapping[str, Array], kept: Mapping[str, Array] | None = None) -> Any:
        """(samples, ...), and (samples, ..., targets) where there are several, in the layout of X unless they lack an
        axis of those that were `kept`."""
        taken = self._subject.inputs.taken

        def laid(name: str, array: Array) -> Array:
            whole = name in taken and (kept is None or kept[name].ndim == array.ndim)
            plain: Array = array[..., 0] if len(self.targets) == 1 else array
            return taken[name].turned(plain) if whole else plain

        found = {name: laid(name, array) for name, array in values.items()}
        return next(iter(found.values())) if self._subject.inputs.alone else found

    @property
    def _checks(self) -> list[dict[str, Any]]:
        return check_rows([(self._material.slug, [one for method in self._material.methods for one in method.checks])])


_FRAME = Markup(
    '<iframe sandbox="" srcdoc="{}" title="{}" style="width: 100%; height: 46rem; border: 1px solid #8884; '
    'border-radius: 4px; background: #fff"></iframe>'
)


def _require_replaceable(directory: Path) -> None:
    """Raises InputError where something lies that is no report."""
    if directory.is_dir() and (not any(directory.iterdir()) or (directory / MANIFEST).is_file()):
        return
    if directory.exists() or directory.is_symlink():
        raise InputError(f"write: {str(directory)!r} is there and is no report; give a folder that is not there")


def _threads() -> int:
    """How many a framework is to compute with: as always, or what TensorFlow has started with, which cannot change."""
    if (tensorflow := sys.modules.get("tensorflow")) is None:
        return Compute().threads
    from exhibit.tasks.models.keras import started_threads

    del tensorflow
    return started_threads() or Compute().threads


def _of(settings: Mapping[str, Any], group: str) -> dict[str, Any]:
    return {key.partition(".")[2]: value for key, value in settings.items() if key.startswith(f"{group}.")}


@contextmanager
def _as_before(model: Any) -> Iterator[None]:
    """A torch net, and what torch is told about the process, are afterwards as they were: the session goes on."""
    if "torch" not in sys.modules:
        yield
        return
    from exhibit.tasks.models.torch_process import explaining, kept

    with kept(), explaining(model) if framework_of(model) == "torch" else nullcontext():
        yield


def _usual(found: Subject, report_of: Callable[[str], Report]) -> tuple[list[str], tuple[str, ...]]:
    """What suits all inputs: what asks most of the model, and else what asks least; and a sentence about each method
    that would have been taken before, and why it was not."""
    kinds = [item.kind for item in found.dataset.inputs]
    refused: dict[str, str] = {}
    for capability, name in usual(kinds, found.capabilities):
        why = _refusal(report_of(name), found) if _may_fail(capability, found) else None
        if why is None:
            tried = refused.items()
            return [name], tuple(f"method: {name} is taken, as {other} cannot be: {said}" for other, said in tried)
        refused[name] = why.removeprefix(f"{name}: ")
    raise InputError(
        f"method: {' and '.join(kinds)} cannot be explained of a model that gives "
        f"{' and '.join(sorted(found.capabilities))}; molecules are explained alone. Name a method"
    )


def _may_fail(capability: Capability, found: Subject) -> bool:
    """Whether only the model itself tells whether it is made of trees, or which layer of it embeds ids."""
    ids = any(item.traits.ids for item in found.dataset.inputs)
    return capability == "trees" or (capability == "gradients" and ids)


def _refusal(report: Report, found: Subject) -> str | None:
    """Why the methods do not explain a few rows, in a sentence; None where they do."""
    (point,) = report.points
    data = found.dataset
    try:
        with told(found.model, found.data), holding(found.objects):
            rehearse(data, data, point.model, point.method, point.target, point.selection, report.compute)
    except InputError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - what cannot be read as trees says so in many ways
        return " ".join(f"{type(error).__name__}: {error}".split())
    return None


def _checks(found: Subject) -> list[str]:
    wanted = [KINDS[item.kind].checks for item in found.dataset.inputs]
    return [name for name in wanted[0] if all(name in each for each in wanted)]


def _options(group: str, given: Choice) -> Iterator[str]:
    """The overrides that choose options of a group, and change their settings."""
    changed = given if isinstance(given, Mapping) else {}
    names = [given] if isinstance(given, str) else list(given)
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise InputError(f"{group}: names of options were expected, not {type(wrong[0]).__name__}")
    yield f"{group}=[{','.join(map(quoted, names))}]"
    for name, values in changed.items():
        yield from (f"{group}.{name}.{key}={_typed(value)}" for key, value in values.items())


def _target(given: str | int | Sequence[str | int] | None, found: Subject) -> Iterator[str]:
    several = tuple(label.name for label in found.dataset.several)
    usual = "predicted" if found.dataset.classes else 0
    chosen = usual if given is None else given
    items: list[Any] = [chosen] if np.ndim(chosen) == 0 else [*cast(Sequence[Any], chosen)]
    if several and len(items) != 1:
        raise InputError(
            f"target: an explanation is of one label; give one of {listed(list(several))}, and call it once for each"
        )
    yield "target=predicted"
    key = "target.outputs"
    yield f"{key}=[{','.join(quoted(_output(item, several or found.dataset.classes, several)) for item in items)}]"


def _output(given: Any, names: Sequence[str], several: Sequence[str]) -> str:
    plain = np.asarray(given).item()  # the numbers and words of numpy and torch, too
    if isinstance(plain, int) and not isinstance(plain, bool):
        return f"index:{plain}"
    item = str(plain)  # a class may be called True
    if item in names and several:
        return f"index:{list(names).index(item)}"
    if not several and (item in ("predicted", "true", "all") or item.startswith(("index:", "top:"))):
        return item
    if item not in names:
        said = (
            f"no label; allowed are {listed(list(names))}"
            if several
            else "no class; allowed are predicted, true, all, top:K, the number of an output"
            + (f", or {listed(list(names))}" if names else "")
        )
        raise InputError(f"target: {item!r} is {said}")
    return f"index:{list(names).index(item)}"


def _typed(value: Any) -> str:
    """A value in Hydra's grammar."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str() | Path():
            return quoted(str(value))
        case Mapping():
            return f"{{{','.join(f'{quoted(str(key))}:{_typed(one)}' for key, one in value.items())}}}"
        case list() | tuple():
            return f"[{','.join(map(_typed, value))}]"
        case _:
            return str(value)


def _as_yaml(report: Report, overrides: Sequence[str], found: Subject) -> str:
    (point,) = report.points
    plain = point.model_dump(mode="json", by_alias=True, exclude={"label"})
    plain["model"]["factory"] = plain["data"]["factory"] = "???"
    if found.of_frames:
        return (
            "# The model is a function of whole columns, words or gaps among them. From the command line only a\n"
            "# fitted estimator is given these, so there is no command that gives the same; this was asked for.\n"
            f"{OmegaConf.to_yaml(_literal(plain))}"
        )
    held = {"data": found.data, "model": found.model}
    factories = {f"{group}.factory={quoted(name)}": f"{group}.factory=MODULE:{group}" for group, name in held.items()}
    shared = [one for one in overrides if re.split(r"[.=]", one.lstrip("+"))[0] in SHARED]
    study = ["exhibit report", "study=own", "--config-dir conf", *factories.values(), *map(in_shell, shared)]
    command = ["exhibit report", *(in_shell(factories.get(item, item)) for item in overrides)]
    return (
        "# @package _global_\n"
        "# The model and the data lay in the memory of a Python session and have no source, so this config alone does\n"
        "# not give the same. Missing are two functions in a module of yours, which EXHIBIT_TRUSTED_MODULES names:\n"
        "# model() gives the model, and data() a dictionary of the same rows and labels as they are here:\n"
        f"{_as_comments(found)}"
        "# A function, or the preprocess of a net, is given these inputs by name there, and not X as it was in the\n"
        "# session; what took something else, such as an estimator of texts, is wrapped in a function of them.\n"
        "# With these two functions it is\n"
        f"#   {_SEVERAL_LINES.join(command)}\n"
        "# or, with this text saved as conf/study/own.yaml,\n"
        f"#   {_SEVERAL_LINES.join(study)}\n"
        f"{OmegaConf.to_yaml(_STUDY | _literal(plain))}"
    )


_SEVERAL_LINES = " \\\n#     "
# Every setting of each method and check stands below, so none is taken from an option.
_STUDY = {
    "defaults": [
        {"override /data": "factory"},
        {"override /model": "factory"},
        {"override /method": []},
        {"override /check": []},
        "_self_",
    ]
}


def _literal(value: Any) -> Any:
    """Texts that stand for themselves in a file that OmegaConf reads."""
    match value:
        case str():
            return literal(value)
        case dict():
            return {key: _literal(one) for key, one in value.items()}
        case list():
            return [_literal(one) for one in value]
        case _:
            return value


def _as_comments(found: Subject) -> str:
    """What of the data a factory has to give, a comment for each part of it."""
    data = found.dataset
    inputs = [
        f"inputs {json.dumps(item.name)}: kind {item.kind}, {item.array.shape} of {item.array.dtype}"
        + (f", bounds {item.bounds}" if item.bounds else "")
        + (f", a vocabulary of {len(item.vocabulary)}" if item.vocabulary else "")
        for item in data.inputs
    ]
    labels = f"labels: {data.labels.shape}, {data.task}" if data.labelled.any() else "labels: none"
    explained = int((data.split == "explain").sum())
    split = [
        f'split: {explained} times "explain", then {len(data.split) - explained} times "train", which are the '
        "background; a function has to give these labels, too, if there are any, which change no explanation"
    ]
    classes = [f"classes: {json.dumps(list(data.classes))}"] if data.classes else []
    return "".join(f"#   {line}\n" for line in (*inputs, labels, *(split if explained else ()), *classes))
