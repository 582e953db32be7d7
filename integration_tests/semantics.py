"""A simulated company's marts in; whether MetricFlow answers the same out.

python -m integration_tests.semantics --mf .cache/engines/metricflow/bin/mf

`make semantics` makes the environment first: MetricFlow is no dependency of ours.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import yaml

from integration_tests.warehouse.building import PROJECT, duckdb_profile, run_dbt
from integration_tests.warehouse.raw_tables import load_duckdb
from integration_tests.warehouse.sandbox_records import records_of
from stripe_sandbox.account import open_account

Row = dict[str, Any]
_COUNTED = (
    *("mrr", "opening_mrr", "committed_mrr", "new_mrr", "expansion_mrr", "contraction_mrr"),
    *("churn_mrr", "reactivation_mrr", "fx_mrr", "mrr_customers", "mrr_subscriptions"),
    *("arr", "net_new_mrr", "arpa", "quick_ratio"),
)
_RATED = ("lost_mrr", "net_lost_mrr", "nrr", "grr", "gross_churn", "customer_churn")
_NEAR = Fraction(1, 10**9)


def expected(row: Row) -> dict[str, Fraction | None]:
    """Every metric of a month, by the marts' columns.

    Args:
        row: of `mrr_monthly`, with `committed_minor` of the month's last day.
    """
    rising = row["new_minor"] + row["expansion_minor"] + row["reactivation_minor"]
    falling = row["contraction_minor"] + row["churn_minor"]
    opening, customers = row["rated_opening_minor"], row["opening_customers"]
    values = {
        "mrr": row["closing_minor"],
        "opening_mrr": row["opening_minor"],
        "committed_mrr": row["committed_minor"],
        **{
            f"{name}_mrr": row[f"{name}_minor"]
            for name in ("new", "expansion", "contraction", "churn", "reactivation", "fx")
        },
        "mrr_customers": row["customers"],
        "mrr_subscriptions": row["subscriptions"],
        "arr": row["arr_minor"],
        "net_new_mrr": rising + falling,
        "arpa": _divided(row["closing_minor"], row["customers"]),
        "quick_ratio": _divided(rising, -falling),
        "lost_mrr": row["lost_minor"],
        "net_lost_mrr": row["net_lost_minor"],
        "gross_churn": _divided(row["lost_minor"], opening),
        "customer_churn": _divided(row["lost_customers"], customers),
        "grr": _divided(opening - row["lost_minor"], opening),
        "nrr": _divided(opening - row["net_lost_minor"], opening),
    }
    return {name: None if value is None else Fraction(value) for name, value in values.items()}


def _divided(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def differing(expectation: dict[str, Fraction | None], answer: Row) -> list[str]:
    """Metrics of an answer that are not as expected, each with both values."""
    wrong = []
    for name, text in answer.items():
        if not name.startswith("stripe_") or "__" in name:
            continue
        want = expectation[name.removeprefix("stripe_")]
        got = None if text in ("", "None", "nan", "NaN") else Fraction(text)
        is_same = got == want if got is None or want is None else abs(got - want) <= _NEAR
        if not is_same:
            wrong.append(f"{name}: {text} for {want}")
    return wrong


class MetricFlow:
    """The command `mf` in a copy of the dbt project."""

    def __init__(self, mf: Path, folder: Path, database: Path) -> None:
        """Copies the project."""
        self._mf, self._project = mf.absolute(), folder / "project"
        shutil.copytree(PROJECT, self._project)
        outputs = {"test": duckdb_profile(database)}
        profile = {"stripe_saas": {"target": "test", "outputs": outputs}}
        (self._project / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")

    def run(self, program: str, *words: str) -> None:
        """Runs `mf` or its `dbt`; what it says is shown if it fails."""
        found = subprocess.run(
            [str(self._mf.with_name(program)), *words],
            cwd=self._project,
            env={
                **os.environ,
                "DO_NOT_TRACK": "1",
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                "DBT_PROFILES_DIR": str(self._project),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode:
            raise SystemExit(f"{program} {' '.join(words)}:\n{found.stdout}\n{found.stderr}")

    def query(self, metrics: tuple[str, ...], entity: str) -> dict[tuple[str, str, str], Row]:
        """Metrics by basis, currency and month."""
        file = self._project / f"{entity}.csv"
        groups = (f"{entity}__basis", f"{entity}__currency", "metric_time__month")
        self.run(
            "mf",
            *("query", "--quiet", "--csv", str(file)),
            *("--metrics", ",".join(f"stripe_{name}" for name in metrics)),
            *("--group-by", ",".join(groups)),
        )
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        return {(row[groups[0]], row[groups[1]], row[groups[2]][:7]): row for row in rows}


def compared(database: Path, folder: Path, mf: Path) -> tuple[list[Row], list[str]]:
    """The months of the marts, and what MetricFlow says otherwise of them."""
    with duckdb.connect(str(database), read_only=True) as connection:
        marts = connection.execute(
            """select months.*, days.committed_minor from stripe_marts.mrr_monthly as months
            inner join (
                select *, row_number() over (
                    partition by basis, currency, date_month order by date_day desc
                ) as place from stripe_marts.mrr_daily
            ) as days using (basis, currency, date_month) where days.place = 1"""
        )
        names = [column[0] for column in marts.description]
        rows = [dict(zip(names, row, strict=True)) for row in marts.fetchall()]
    flow = MetricFlow(mf, folder, database)
    flow.run("dbt", "parse", "--no-version-check", "--quiet")
    flow.run("mf", "validate-configs", "--skip-dw")
    answers = [flow.query(_COUNTED, "stripe_mrr_day"), flow.query(_RATED, "stripe_mrr_month")]
    wrong = []
    for row in rows:
        key = row["basis"], row["currency"], f"{row['date_month']:%Y-%m}"
        for answer in answers:
            wrong += [f"{key}: {text}" for text in differing(expected(row), answer.get(key, {}))]
            if key not in answer:
                wrong.append(f"{key} is missing")
    return rows, wrong


def main() -> int:
    """Builds a company, asks and compares.

    Returns:
        The exit code: 0 if every metric is the mart's.
    """
    parser = argparse.ArgumentParser(prog="semantics", description=__doc__)
    parser.add_argument("--mf", type=Path, required=True, help="MetricFlow's command")
    parser.add_argument("--customers", type=int, default=80)
    parser.add_argument("--months", type=int, default=10)
    arguments = parser.parse_args()
    account = open_account(
        "company", seed=7, customers=arguments.customers, months=arguments.months
    )
    with tempfile.TemporaryDirectory(prefix="stripe-saas-semantics-") as name:
        folder = Path(name)
        database = folder / "stripe.duckdb"
        load_duckdb(database, folder, records_of(account), account.store.now)
        words = ("build", "--exclude-resource-type", "test", "--select", "+mrr_monthly")
        built = run_dbt(folder / "dbt", duckdb_profile(database), words)
        if not built.success:
            print(*(f"{key}: {why}" for key, why in built.bad.items()), sep="\n")
            return 1
        rows, wrong = compared(database, folder, arguments.mf)
    figures = len(rows) * (len(_COUNTED) + len(_RATED))
    print(f"{len(rows)} months of a currency, {figures} figures, {len(wrong)} wrong")
    print(*wrong[:20], sep="\n")
    return 0 if rows and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
