"""Work measured side by side in one process, in turn, so that a change of the machine's speed meets all of it."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

RESULTS = Path("benchmarks.json")
FLOOR = "Exhibit / floor"  # what is measured under this name: how many times the bare computation ours takes

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
        "measured": dict(measured),
        "ratios": {name: {"ratio": ratio, "wanted": wanted} for name, (ratio, wanted) in ratios.items()},
        "note": note,
    }
    RESULTS.write_text(json.dumps(known, indent=2) + "\n")


def line(name: str, ratio: float, wanted: float) -> str:
    """One ratio and whether it is met."""
    return f"{name:66}{ratio:10.2f}  wanted {wanted:4.3g}: {'met' if meets(name, ratio, wanted) else 'MISSED'}"


def summary() -> str:
    """All ratios of the results, with the ratio to the floor where one was measured."""
    known = json.loads(RESULTS.read_text())
    lines = ["Summary"]
    for title, found in known.items():
        floor = found["measured"].get(FLOOR)
        lines.append(f"{title}{'' if floor is None else f' ({FLOOR} {floor:.2f})'}")
        lines += [f"  {line(name, both['ratio'], both['wanted'])}" for name, both in found["ratios"].items()]
    every = [(name, both) for found in known.values() for name, both in found["ratios"].items()]
    met = sum(meets(name, both["ratio"], both["wanted"]) for name, both in every)
    return "\n".join([*lines, f"{met} of {len(every)} ratios are met; all numbers are in {RESULTS}", ""])


def meets(name: str, ratio: float, wanted: float) -> bool:
    """Memory and cost are wanted to be at most so much, speed at least."""
    return ratio <= wanted if name.startswith(("memory", "cost")) else ratio >= wanted
