"""Run in the environment of Spark: raw tables in, all models built, every table out as Parquet.

    python spark_side.py FOLDER PROJECT RAW_SCHEMA MODELS_SCHEMA

FOLDER holds `raw/SCHEMA.TABLE.parquet`; `built/SCHEMA.TABLE/` is written beside it. Imports nothing
of ours, as dbt for Spark is installed without it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from side import build

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.sources.default": "parquet",
}


def main() -> None:
    """Loads, builds and writes out; ends with dbt's own exit code."""
    folder, project = (Path(each).resolve() for each in sys.argv[1:3])
    raw, models = sys.argv[3:]
    # Spark keeps its tables and its catalog where it is started.
    os.chdir(folder)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").enableHiveSupport()
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sql(f"create database if not exists {raw}")
    for path in sorted((folder / "raw").glob("*.parquet")):
        table = spark.read.parquet(str(path))
        table.write.mode("overwrite").saveAsTable(path.stem)
    output = {"type": "spark", "method": "session", "schema": models, "host": "NA", "threads": 1}
    succeeded = build(folder, project, output)
    for schema in (models, f"{models}_staging"):
        for row in spark.sql(f"show tables in {schema}").collect():
            built = spark.table(f"{schema}.{row.tableName}").coalesce(1)
            built.write.mode("overwrite").parquet(
                str(folder / "built" / f"{schema}.{row.tableName}")
            )
    spark.stop()
    sys.exit(0 if succeeded else 1)


if __name__ == "__main__":
    main()
