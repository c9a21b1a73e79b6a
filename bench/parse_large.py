"""Exports of 50 MB read as a stream: megabytes and readings per second, and how much memory the reading adds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

# Both together take about a minute on an idle machine.
_MEGABYTES = int(os.environ.get("LIMS_BENCH_MEGABYTES", "50"))
_MOST_MEMORY = 200
_ELEMENTS = (("163", "Dy"), ("159", "Tb"), ("146", "Nd"), ("141", "Pr"), ("89", "Y"), ("140", "Ce"))
_ROOT = Path(__file__).resolve().parent.parent

# A process of its own, so that the peak is the reading's alone: what stands in memory before is taken off.
_READ = """
import sys, time
from pathlib import Path
from assays.instruments.parsers.registry import read

def peak():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))

before, begun = peak(), time.perf_counter()
opened = read("big.csv", Path(sys.argv[1]))
count = sum(1 for _ in opened.items)
print(opened.format, count, time.perf_counter() - begun, (peak() - before) / 1024)
"""


def run() -> None:
    """Print one line for each layout, and whether the memory stays under its target."""
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in (("long, one line an analyte", _write_long), ("MassHunter batch table", _write_batch)):
            path = Path(folder) / "big.csv"
            _fill(path, lines)
            size = path.stat().st_size / 1e6
            answer = subprocess.run(
                [sys.executable, "-c", _READ, str(path)], cwd=_ROOT, capture_output=True, text=True, check=True
            ).stdout.split()
            count, seconds, growth = int(answer[1]), float(answer[2]), float(answer[3])
            print(f"{name} ({answer[0]}), {size:.0f} MB: {size / seconds:.2f} MB/s, {count / seconds:,.0f} rows and readings a second")
            print(f"  memory +{growth:.1f} MB, target {_MOST_MEMORY} MB: {'reached' if growth < _MOST_MEMORY else 'MISSED'}")


def _fill(path: Path, lines: Callable[[], Iterator[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in lines():
            file.write(line + "\r\n")
            if file.tell() >= _MEGABYTES * 1_000_000:
                return


def _write_long() -> Iterator[str]:
    yield "Solution Label,Type,Element,Flags,Soln Conc,Units,Corr Con,Units,Int,Date,Time,SD,RSD,DF,NumReps,Replicates,,,,"
    number = 0
    while True:
        number += 1
        for _, symbol in _ELEMENTS:
            yield (
                f"S-{number},Samp,{symbol} 353.170,,12.{number},ug/L,120.{number},ug/L,4012.{number},2026-03-01,10:15:00,0.12,"
                f"1.0{number},10,3,4010.{number},,4012.2,,4013.3"
            )


def _write_batch() -> Iterator[str]:
    yield "Sample,,,," + ",".join(f"{mass}  {symbol}  [ He ] ,,," for mass, symbol in _ELEMENTS)
    yield "Sample Name,Type,Total Dil.,Comment," + ",".join(["Conc. [ ppb ],Conc. RSD,CPS,CPS RSD"] * len(_ELEMENTS))
    number = 0
    while True:
        number += 1
        yield f"S-{number},Sample,10,," + ",".join([f"12.{number},1.5,40123.{number},0.91"] * len(_ELEMENTS))
