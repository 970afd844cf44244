"""Facts of runs in containers, as far as they can be told without Docker: what the image is made of, and what Prefect
makes of the pool and the deployment."""

import json
import re
import shlex
from importlib.resources import files
from typing import Any

import pytest
import yaml
from prefect.cli.deploy._models import PrefectYamlModel
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import validate

from exhibit.flows import scheduled
from exhibit.flows.scheduled import FOLDERS
from tests.conftest import ROOT

IMAGE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
POOL = json.loads((ROOT / "conf" / "pool_docker.json").read_text())


def steps(name: str) -> list[str]:
    """What follows an instruction of the Dockerfile, in order."""
    return [line.partition(" ")[2] for line in IMAGE.splitlines() if line.startswith(f"{name} ")]


COPIED = [source for step in steps("COPY") for source in step.split()[:-1]]


def test_what_the_image_copies_is_there_and_is_sent_to_docker() -> None:
    assert [source for source in COPIED if not (ROOT / source).exists()] == []
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sorted(sent) == sorted(COPIED)


def test_the_image_holds_all_that_the_package_is_made_of() -> None:
    """What is a link in src leads to a folder that is copied beside it."""
    links = [path.readlink().name for path in (ROOT / "src" / "exhibit").iterdir() if path.is_symlink()]
    assert set(links) | {"pyproject.toml", "README.md", "src"} <= set(COPIED)


def test_the_image_has_the_versions_that_the_suite_passed_with() -> None:
    [install] = [step for step in steps("RUN") if step.startswith("pip install")]
    words = shlex.split(install.partition("&&")[0])
    assert words[words.index("-c") + 1] == "/build/constraints.txt"
    [base] = steps("FROM")
    assert re.fullmatch(r"python:3\.11-slim-\w+", base)  # as the suite


def test_a_run_in_a_container_opens_the_volume_alone_and_is_not_root() -> None:
    assert steps("ENV") == [f"{FOLDERS}=/reports"]
    assert [volume.partition(":")[2] for volume in POOL["job_configuration"]["volumes"]] == steps("VOLUME")
    assert steps("USER") == ["exhibit"]


def container_pools() -> dict[str, Any]:
    """What Prefect knows of pools of containers: what a job may be configured with."""
    views = json.loads(
        (files("prefect") / "server/api/collections_data/views/aggregate-worker-metadata.json").read_text()
    )
    known: dict[str, Any] = views["prefect-docker"]["docker"]["default_base_job_configuration"]
    return known


def test_the_pool_is_one_that_prefect_can_run_and_lets_a_run_change_nothing() -> None:
    """Every setting is one of such pools, with a value that they take; there is no variable to fill."""
    known, chosen = container_pools(), POOL["job_configuration"]
    assert chosen.keys() <= known["job_configuration"].keys()
    validate(chosen, known["variables"], raise_on_error=True, ignore_required=True)
    assert POOL["variables"]["properties"] == {}
    assert "{{" not in json.dumps(chosen)


@pytest.mark.parametrize("number", [0, 1])
def test_prefect_reads_the_deployment(number: int) -> None:
    """By its own reader; the flow takes the parameters, and what a job may vary is left as the pool says."""
    read = PrefectYamlModel.model_validate(yaml.safe_load((ROOT / "prefect.yaml").read_text()))
    entry = read.deployments[number].model_dump(exclude_unset=True, mode="json")
    assert entry["work_pool"].keys() == {"name"}
    schema = parameter_schema(scheduled.report).model_dump(exclude_unset=True)
    validate(entry["parameters"], schema, raise_on_error=True, ignore_required=True)
    assert entry["entrypoint"] == f"{scheduled.__name__}.{scheduled.report.fn.__name__}"
