"""The flows that a Prefect worker runs. Their parameters come from the server, so they are trusted with nothing.

The environment of the worker says what they may name: EXHIBIT_TRUSTED_FOLDERS the folders (with colons between, as in
PATH), EXHIBIT_TRUSTED_MODULES code of the user's own, EXHIBIT_TRUSTED_SCHEDULERS the addresses of clusters, which
hand back pickled objects (with commas between).
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from prefect import flow
from prefect.runtime import deployment, flow_run
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from exhibit.flows.bounded import run_bounded
from exhibit.flows.config import Report
from exhibit.flows.errors import validated
from exhibit.flows.flow import concluded, this_flow_run
from exhibit.flows.places import require_writable
from exhibit.flows.report import RunResult
from exhibit.flows.stores import StoreUrl
from exhibit.tasks.evidence.local import local_references, put
from exhibit.tasks.records.base import InputError
from exhibit.tasks.store import Damaged, Store

FOLDERS, SCHEDULERS = "EXHIBIT_TRUSTED_FOLDERS", "EXHIBIT_TRUSTED_SCHEDULERS"
MARK = re.compile(r"%[YmdGV]")


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}; write for example Asia/Tokyo")
    return name


Timezone = Annotated[str, AfterValidator(_known_zone), Field(description="IANA name of the zone of the schedule")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def report_schema() -> dict[str, Any]:
    """The JSON schema by which the server refuses a bad parameter before anything runs."""
    whole = Report.model_json_schema()
    return dict(_inline(whole, whole.pop("$defs")))


def _inline(part: Any, definitions: Mapping[str, Any]) -> Any:
    """`part` without references, and as the server reads it.

    When Prefect registers a deployment it takes every key `required` out of the schema, so that parameters may be left
    out; the field `required` of the checks would go as well, and be refused: it stands under a pattern instead.
    """
    if isinstance(part, list):
        return [_inline(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if name := part.get("$ref", "").rpartition("/")[2]:
        return _inline(definitions[name] | {key: value for key, value in part.items() if key != "$ref"}, definitions)
    inlined = {key: _inline(value, definitions) for key, value in part.items()}
    if isinstance(fields := inlined.get("properties"), dict) and "required" in fields:
        inlined["patternProperties"] = {"^required$": fields.pop("required")}
    if kinds := inlined.pop("discriminator", {}).get("mapping"):
        inlined["oneOf"] = [_by_kind({kind: _inline({"$ref": ref}, definitions) for kind, ref in kinds.items()})]
    return inlined


def _by_kind(kinds: Mapping[str, Any]) -> dict[str, Any]:
    """A union whose errors are those of the kind that was meant."""
    rules = [
        {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": schema}
        for kind, schema in kinds.items()
    ]
    return {"allOf": [{"properties": {"kind": {"enum": list(kinds)}}, "required": ["kind"]}, *rules]}


# Judged by the server by this schema, and here by the record itself, whose sentences are the ones that people know.
Config = Annotated[dict[str, Any], WithJsonSchema(report_schema())]


def _key() -> str:
    return deployment.name or "report"


def _name() -> str:
    return f"{_key()}, {flow_run.scheduled_start_time:%Y-%m-%d %H:%M} UTC"


@flow(name="report", flow_run_name=_name)
def report(report: Config, timezone: Timezone = "UTC") -> Any:
    """Explains models and writes the report.

    Args:
        report: the whole config, as `exhibit report --cfg job` prints it. In a path %Y, %m and %d stand for the day for
            which the run is scheduled, %G and %V for its ISO week. Paths have to lie in the worker's trusted folders.
        timezone: where that day is counted; the document is issued on it.
    """
    return concluded(lambda: _worked(validated(Report, report), timezone), _key())


@flow(name="report-by-digest", flow_run_name=_name)
def report_by_digest(sha256: Sha256, store: Path, timezone: Timezone = "UTC") -> Any:
    """Explains models and writes the report, for a config that is too large to be a parameter.

    Args:
        sha256: of the config.
        store: the store that holds it, in one of the worker's trusted folders.
        timezone: where the scheduled day is counted.
    """
    return concluded(lambda: _worked(stored(sha256, store), timezone), _key())


def _worked(report: Report, timezone: str) -> RunResult:
    when = flow_run.scheduled_start_time.astimezone(ZoneInfo(timezone))
    allowed = confined(dated(report, when))
    require_writable(allowed)
    return run_bounded(allowed, ["prefect", "deployment", "run", f"report/{deployment.name}"], this_flow_run())


def stored(sha256: str, store: Path) -> Report:
    """The report whose config is in a store.

    Raises:
        InputError: for a store that is not trusted, or that lacks it.
    """
    if sentence := _refused("store", store):
        raise InputError(sentence)
    try:
        config = Store(store).get(sha256)
    except Damaged as error:
        raise InputError(f"{error}; run `exhibit deploy` again") from error
    return validated(Report, json.loads(config))


def dated(report: Report, when: datetime) -> Report:
    """The report of a scheduled time: the day in its paths, and on the document unless that has a date of its own."""
    plain = report.model_dump(mode="json")
    for key, item in local_references(report):
        if isinstance(item, Path):
            put(plain, key, MARK.sub(lambda mark: when.strftime(mark[0]), str(item)))
    plain["document"]["issued"] = plain["document"]["issued"] or f"{when:%Y-%m-%d}T00:00:00Z"
    return validated(Report, plain)


def confined(report: Report) -> Report:
    """`report`, if this machine trusts every place that it names.

    Raises:
        InputError: with a line for every path and address that is not trusted.
    """
    paths = [(key, item) for key, item in local_references(report) if isinstance(item, Path)]
    refused = [sentence for key, path in paths if (sentence := _refused(key, path))]
    if isinstance(report.paths.store, StoreUrl):
        refused.append(f"paths.store: {no_folder(report.paths.store)}")
    address = report.runner.address
    if address and address not in map(str.strip, os.environ.get(SCHEDULERS, "").split(",")):
        refused.append(f"runner.address: {address!r} {_not_trusted(SCHEDULERS)}")
    if refused:
        raise InputError("\n".join(refused))
    return report


def no_folder(store: StoreUrl) -> str:
    """What is said of a store that no list of trusted folders can name."""
    return f"{store} is a URL, and a worker opens only folders that it trusts ({FOLDERS}); give a folder that it shares"


def _refused(key: str, path: Path) -> str:
    """Why it may not be opened; empty where it lies in a trusted folder once links are followed."""
    folders = [Path(name).resolve() for name in os.environ.get(FOLDERS, "").split(os.pathsep) if name]
    if any(path.resolve().is_relative_to(folder) for folder in folders):
        return ""
    return f"{key}: {str(path)!r} {_not_trusted(FOLDERS)}"


def _not_trusted(variable: str) -> str:
    return (
        f"is not trusted on this machine; start the worker with it in the environment variable {variable}, which is "
        f"{os.environ.get(variable, '')!r}"
    )
