"""Work measured side by side in one process, in turn, so that a change of the machine's speed meets all of it."""

import json
import platform
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

DOCS = Path(__file__).parents[2] / "docs"
RESULTS = DOCS / "benchmarks.json"
PAGE, BEGIN, END = DOCS / "performance.md", "<!-- measured -->\n", "<!-- end -->\n"
PEERS = ("torch", "tensorflow", "captum", "shap", "prefect", "weasyprint")
FLOOR = "Exhibit / floor"  # what is measured under this name: how many times the bare computation ours takes

MOST, LEAST = ("memory: ", "cost: "), ("speed: ",)  # what a name begins with: it is to be at most so much, or at least

Work = Callable[[], object]


def seconds(work: Work) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fastest(candidates: Mapping[str, Work], rounds: int = 3) -> dict[str, float]:
    """The fewest seconds of each over several rounds; a first one is not counted."""
    for work in candidates.values():
        work()
    found = [{name: seconds(work) for name, work in candidates.items()} for _ in range(rounds)]
    return {name: min(each[name] for each in found) for name in candidates}


def best_of(work: Callable[[int], object], sizes: tuple[int, ...]) -> int:
    """The size with which `work` is fastest."""
    times = fastest({str(size): (lambda size=size: work(size)) for size in sizes}, rounds=1)
    return int(min(times, key=lambda size: times[size]))


def report(
    title: str, measured: Mapping[str, float], ratios: Mapping[str, tuple[float, float]], note: str = ""
) -> None:
    """Prints what was measured and each ratio beside what is wanted of it, and adds both to the results."""
    lines = [title, *(f"  {name:66}{value:10.4f}" for name, value in measured.items())]
    lines += [f"  {line(name, *both)}" for name, both in ratios.items()]
    sys.stdout.write("\n".join([*lines, *([f"  {note}"] if note else []), "", ""]))
    sys.stdout.flush()
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known[title] = {
        "machine": machine(),
        "measured": dict(measured),
        "ratios": {name: {"ratio": ratio, "wanted": wanted} for name, (ratio, wanted) in ratios.items()},
        "note": note,
    }
    RESULTS.write_text(json.dumps(known, indent=2) + "\n")


def machine() -> dict[str, Any]:
    """Where the measurements were made, and with which versions."""
    cpuinfo = Path("/proc/cpuinfo")  # where there is none, platform knows the processor by its kind alone
    cpus = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    model = next((line.partition(":")[2].strip() for line in cpus if line.startswith("model name")), platform.machine())
    return {
        "processor": model,
        "cores": psutil.cpu_count(),
        "memory, GiB": round(psutil.virtual_memory().total / 2**30),
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PEERS}},
    }


def line(name: str, ratio: float, wanted: float) -> str:
    """One ratio and whether it is met."""
    return f"{name:66}{ratio:10.2f}  wanted {wanted:4.3g}: {'met' if meets(name, ratio, wanted) else 'MISSED'}"


def summary() -> str:
    """Every goal beside what was measured."""
    works = json.loads(RESULTS.read_text()).values()
    every = [(name, both["ratio"], both["wanted"]) for found in works for name, both in found["ratios"].items()]
    met = sum(meets(*goal) for goal in every)
    return f"{tables()}\n{met} of {len(every)} goals are met; all numbers are in {RESULTS.name}\n"


def tables() -> str:
    """The results in Markdown, a table for each day and machine on which some were measured."""
    known = json.loads(RESULTS.read_text())
    places = {json.dumps(found["machine"]): found["machine"] for found in known.values()}
    return "\n".join(
        f"{_table({title: found for title, found in known.items() if found['machine'] == place})}\n{_about(place)}\n"
        for place in places.values()
    )


def _table(works: Mapping[str, Any]) -> str:
    lines = ["| work | compared | measured | goal | |", "|---|---|---|---|---|"]
    for title, found in works.items():
        for name, both in found["ratios"].items():
            at = "at most" if name.startswith(MOST) else "at least"
            said = name.partition(": ")[2] if name.startswith(MOST + LEAST) else name
            met = "met" if meets(name, both["ratio"], both["wanted"]) else "**missed**"
            lines.append(f"| {title} | {said} | {both['ratio']:.2f} | {at} {both['wanted']:.3g} | {met} |")
        if FLOOR in found["measured"]:
            lines.append(f"| {title} | {FLOOR} | {found['measured'][FLOOR]:.2f} | | |")
    return "\n".join([*lines, ""])


def _about(place: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in place["versions"].items())
    return f"{place['day']}, {place['cores']} cores of {place['processor']}, {place['memory, GiB']} GiB; {versions}"


def written(page: str) -> str:
    """The page on speed with the tables of the results in their place."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


def meets(name: str, ratio: float, wanted: float) -> bool:
    """Memory and cost are wanted to be at most so much, speed at least."""
    return ratio <= wanted if name.startswith(MOST) else ratio >= wanted
