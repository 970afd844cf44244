"""What is installed, as a bill of materials that scanners of software read: CycloneDX 1.6."""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageMetadata, distributions
from typing import Any, NamedTuple

from exhibit.tasks.evidence.pretty_json import pretty

BILL = "sbom.cdx.json"
# A number by chance; the time; and a graph without edges, which would say that nothing depends on anything.
_VOLATILE = ("serialNumber", "metadata", "dependencies")
_LONGEST = 80  # letters of a licence's name; some distributions give its whole text instead
_UNKNOWN = {"", "UNKNOWN", "NONE"}
_PREFIX = "License :: "
_NO_NAME = {"OSI Approved"}  # a classifier that says of a licence no more than that


class Installed(NamedTuple):
    """A distribution: its normalised name, and its licences as it states them; an `expression` is in SPDX's terms."""

    name: str
    version: str
    expression: str
    licences: tuple[str, ...]


@functools.cache
def installed() -> tuple[Installed, ...]:
    """Every distribution that Python finds here, by name; of several with one name the first, which is imported."""
    found = _by_name(distributions())
    return tuple(found[name] for name in sorted(found))


def _by_name(given: Iterable[Distribution]) -> dict[str, Installed]:
    found: dict[str, Installed] = {}
    for distribution in given:
        about = distribution.metadata
        if about is not None and about["Name"] and about["Version"]:  # the left-over of an installation has neither
            name = normalised(about["Name"])
            found.setdefault(name, Installed(name, about["Version"], *_licences(about)))
    return found


def normalised(name: str) -> str:
    """The name of a distribution as registries compare it: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _licences(about: PackageMetadata) -> tuple[str, tuple[str, ...]]:
    """The expression, and where there is none the classifiers, or else a name in words."""
    if expression := _first(about, "License-Expression"):
        return expression, ()
    classified = [name.removeprefix(_PREFIX) for name in about.get_all("Classifier") or () if name.startswith(_PREFIX)]
    if named := tuple(dict.fromkeys(name.rpartition(" :: ")[2] for name in classified if name not in _NO_NAME)):
        return "", named
    words = _first(about, "License")
    return "", (words,) if len(words) <= _LONGEST and words.upper() not in _UNKNOWN else ()


def _first(about: PackageMetadata, field: str) -> str:
    """The field's text in one line; empty where there is none."""
    return " ".join(str((about.get_all(field) or [""])[0]).split())


def bill_of_materials(found: Iterable[Installed]) -> bytes:
    """The bill of these distributions: no serial number and no time, so it is the same bytes for the same ones."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.json import JsonV1Dot6

    whole = json.loads(JsonV1Dot6(Bom(components=map(_component, found))).output_as_string())
    for name in _VOLATILE:
        whole.pop(name, None)
    return pretty(whole)


def _component(item: Installed) -> Any:
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
    from packageurl import PackageURL

    url = PackageURL("pypi", name=item.name, version=item.version)
    named = [DisjunctiveLicense(name=name) for name in item.licences]
    return Component(
        type=ComponentType.LIBRARY,
        name=item.name,
        version=item.version,
        bom_ref=str(url),
        purl=url,
        licenses=[LicenseExpression(item.expression)] if item.expression else named,
    )


def versions(bill: bytes) -> Mapping[str, str]:
    """Versions of what a bill names, by normalised name.

    Raises:
        ValueError: for what is no such bill.
    """
    whole = json.loads(bill)
    if not isinstance(whole, dict) or whole.get("bomFormat") != "CycloneDX":
        raise ValueError("no bill of materials")
    try:
        return {normalised(item["name"]): str(item["version"]) for item in whole["components"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a component without name or version") from error
