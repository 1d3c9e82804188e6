"""Measure how the cost of `project` grows, and draw it: `python benchmarks/growth.py`.

Each point is measured in a fresh process. Writes growth.json and growth.png to benchmarks/results.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from limits import fill
from table import describe_machine
from workload import make_entries, make_payload, peak_memory, take_turns

import simcore
from simcore import kit

RESULTS = Path(__file__).resolve().parent / "results"
SUBSCRIBERS = (10_000, 100_000, 1_000_000, 10_000_000)
EMAILS = (5, 10, 20, 50)
SEND_BYTES = 31  # of a row: 8 + 4 + 2 + 8 + 1 + 8
MOST_BYTES = 8 * 2**30
REPEAT = 3

# Dark to bright in the order of the numbers, as grey too; each has a mark of its own besides.
LOOKS = (("#00204d", "o"), ("#31689e", "s"), ("#1f9e89", "^"), ("#d9a404", "D"))


def measure_point(subscribers: int, emails: int) -> dict[str, Any]:
    """Give the memory and the processor times of `project`, and how long the bytes of its frame take to fill.

    The fastest of `REPEAT` times counts: it is the least disturbed.
    """
    sequence, entries = kit.from_api(make_payload(emails)), make_entries(subscribers)
    memory = peak_memory(partial(simcore.project, sequence), entries)
    contenders = {
        "project": lambda: simcore.project(sequence, entries),
        "fill": lambda: fill(memory["frame"]),
    }
    times = take_turns(contenders, REPEAT)
    seconds, fills = times["project"].processor, times["fill"].processor
    return {
        "subscribers": subscribers,
        "emails": emails,
        **memory,
        "peak_over_frame": memory["peak"] / memory["frame"],
        "seconds": seconds,
        "seconds_per_million": min(seconds) / memory["sends"] * 1e6,
        "fill_seconds_per_million": min(fills) / memory["sends"] * 1e6,
    }


def measure_all(sizes: Sequence[int]) -> tuple[list[dict[str, Any]], list[str]]:
    """Give all points, and those left out because their frame would be too large, in words."""
    points, left_out = [], []
    for emails in EMAILS:
        for subscribers in sizes:
            name = f"{subscribers:,} x {emails} emails"
            if subscribers * emails * SEND_BYTES > MOST_BYTES:
                left_out.append(name)
                continue
            print(name, file=sys.stderr, flush=True)
            command = [sys.executable, __file__, "--point", str(subscribers), str(emails)]
            output = subprocess.run(command, check=True, capture_output=True, text=True)
            points.append(json.loads(output.stdout))
    return points, left_out


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the points: time on the left, memory on the right, and what they hold for below."""
    # Not among the imports above: the processes that measure a point do without.
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, (times, memory) = plt.subplots(1, 2, figsize=(8.6, 4.1))
    for emails, (colour, mark) in zip(EMAILS, LOOKS, strict=True):
        points = [point for point in result["points"] if point["emails"] == emails]
        subscribers = [point["subscribers"] for point in points]
        look = {"color": colour, "marker": mark, "markersize": 5, "linewidth": 1.5}
        per_million = [point["seconds_per_million"] for point in points]
        times.plot(subscribers, per_million, label=f"{emails} emails", **look)
        memory.plot(subscribers, [point["peak_over_frame"] for point in points], **look)
    largest = max(result["points"], key=lambda point: point["sends"])
    limit = largest["fill_seconds_per_million"]
    for axes, height, words in (
        (times, limit, "filling as much fresh memory"),
        (memory, 1, "the returned frame itself"),
    ):
        axes.axhline(height, color="0.35", linestyle=(0, (4, 3)), linewidth=1)
        axes.annotate(words, (0.02, height), (0, -3), ("axes fraction", "data"), "offset points",
                      color="0.35", va="top", fontsize=8)  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(mpl.ticker.EngFormatter(sep=""))
        axes.set_xlabel("subscribers")
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    times.set_yscale("log")
    low, high = times.get_ylim()
    times.set_ylim(min(low, limit / 2), high)
    times.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
    times.yaxis.set_major_formatter("{x:g}")
    times.yaxis.set_minor_locator(mpl.ticker.NullLocator())
    memory.yaxis.set_major_locator(mpl.ticker.MultipleLocator(0.5))
    memory.set_ylim(0, max(2, 1.15 * max(point["peak_over_frame"] for point in result["points"])))
    times.set_title("Seconds (processor) per million sends", loc="left", fontsize=10)
    memory.set_title("Peak memory over the size of the frame", loc="left", fontsize=10)
    figure.legend(loc="upper center", ncols=len(EMAILS), frameon=False, bbox_to_anchor=(0.5, 1.0))
    figure.text(0.01, 0.012, result["note"], fontsize=6.5, color="0.35", va="bottom")
    figure.tight_layout(rect=(0, 0.07, 1, 0.93), w_pad=3)
    figure.savefig(path, dpi=200)


def main() -> None:
    """Measure, write and draw."""
    parser = argparse.ArgumentParser(description="Measure how the cost of project grows, and draw it.")
    parser.add_argument("--quick", action="store_true", help="small sizes only, in seconds")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="where to write, benchmarks/results")
    parser.add_argument("--point", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.point:
        json.dump(measure_point(*arguments.point), sys.stdout)
        return
    points, left_out = measure_all((1_000, 10_000) if arguments.quick else SUBSCRIBERS)
    machine = {name: value for name, value in describe_machine().items() if name not in {"platform", "simpy"}}
    note = f"simcore.project, a fresh process for each point, the fastest of {REPEAT} times; " + ", ".join(
        f"{name} {value}" for name, value in machine.items()
    )
    if left_out:
        note += f"\nLeft out, since the frame would pass 8 GiB: {'; '.join(left_out)}"
    result = {"machine": machine, "left_out": left_out, "note": note, "points": points}
    arguments.folder.mkdir(parents=True, exist_ok=True)
    (arguments.folder / "growth.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(result, arguments.folder / "growth.png")


if __name__ == "__main__":
    main()
