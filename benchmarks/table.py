"""Rows of results -> a Markdown table on the screen, and a section a benchmark in `results.md`."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from benchmarks.measuring import Measured

_TITLE = "# Results of `make bench`"
_SECTION = "\n## "
_HEADER = (
    "benchmark",
    "reader",
    "records",
    "seconds",
    "records/s",
    "CPU ms/record",
    "start-up s",
    "peak MB",
    "requests",
    "measured",
    "target",
    "met",
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    benchmark: str
    reader: str
    records: int | None = None
    seconds: float | None = None
    """Without start-up."""
    cpu_seconds: float | None = None
    """The same."""
    start_up_seconds: float | None = None
    peak_mb: float | None = None
    requests: int | None = None
    measured: str = ""
    """What the benchmark is about, in words."""
    target: str = ""
    is_met: bool | None = None
    """None: nothing was promised, or the run was too small to measure it."""

    @property
    def per_second(self) -> float:
        """Records a second; 0 where it makes no sense."""
        return self.records / self.seconds if self.records and self.seconds else 0.0

    def cells(self) -> tuple[str, ...]:
        """The line's texts."""
        cpu_ms = 1000 * self.cpu_seconds / self.records if self.cpu_seconds and self.records else 0
        return (
            self.benchmark,
            self.reader,
            f"{self.records:,}" if self.records is not None else "",
            f"{self.seconds:.1f}" if self.seconds is not None else "",
            f"{self.per_second:,.0f}" if self.per_second else "",
            f"{cpu_ms:.3f}" if cpu_ms else "",
            f"{self.start_up_seconds:.1f}" if self.start_up_seconds is not None else "",
            f"{self.peak_mb:.0f}" if self.peak_mb is not None else "",
            f"{self.requests:,}" if self.requests is not None else "",
            self.measured,
            self.target,
            {True: "yes", False: "**no**", None: ""}[self.is_met],
        )


@dataclass(frozen=True)
class Taken:
    """One measured run of one reader."""

    measured: Measured
    records: int
    requests: int

    @property
    def seconds(self) -> float:
        """From the start of the process, less the interpreter's and the libraries' import."""
        return max(0.001, self.measured.seconds - self.measured.start_up_seconds)

    @property
    def cpu_seconds(self) -> float:
        """The same for the processor's time."""
        return max(0.0, self.measured.cpu_seconds - self.measured.start_up_cpu_seconds)

    @property
    def per_second(self) -> float:
        """Records a second."""
        return self.records / self.seconds


def median_row(benchmark: str, reader: str, runs: Sequence[Taken]) -> Row:
    """The medians of several runs of one thing."""
    return Row(
        benchmark=benchmark,
        reader=reader,
        records=runs[0].records,
        seconds=statistics.median(run.seconds for run in runs),
        cpu_seconds=statistics.median(run.cpu_seconds for run in runs),
        start_up_seconds=statistics.median(run.measured.start_up_seconds for run in runs),
        peak_mb=max(run.measured.peak_mb for run in runs),
        requests=int(statistics.median(run.requests for run in runs)),
    )


def rendered(rows: Iterable[Row]) -> str:
    """The table, columns aligned so that it can be read as it is."""
    lines = [_HEADER, *(row.cells() for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEADER))]
    texts = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    ]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def machine() -> list[str]:
    """What the figures were measured on."""
    cpu, memory_gb = platform.processor() or platform.machine(), 0.0
    if Path("/proc/cpuinfo").exists():
        names = [
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory_gb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    packages = ("airbyte-cdk", "msgspec", "orjson", "requests", "urllib3")
    return [
        f"{os.cpu_count()} cores, {cpu}; {memory_gb:.0f} GB of memory",
        f"{platform.system()} {platform.release()}, Python {sys.version.split()[0]}",
        ", ".join(f"{name} {version(name)}" for name in packages),
        f"load of the machine (1, 5, 15 minutes): {load}",
    ]


def write_results(path: Path, results: Mapping[str, Sequence[Row]], remarks: Iterable[str]) -> None:
    """Writes the sections of benchmarks that were run into `results.md`; the others stay.

    Args:
        path: of the file; it need not exist.
        results: benchmark -> its rows.
        remarks: lines at the file's beginning.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    _, *former = text.split(_SECTION)
    sections = {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in former}
    run_on = f"run on {datetime.now(timezone.utc).date()}"
    about = "\n".join(f"- {line}" for line in (run_on, *machine()))
    sections |= {name: f"{about}\n\n{rendered(rows)}" for name, rows in results.items()}
    head = "\n".join([_TITLE, "", *remarks])
    parts = [head, *(f"## {name}\n\n{content}" for name, content in sections.items())]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
