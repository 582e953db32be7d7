"""Stripe's OpenAPI specification in; our extract of it and `schemas/<stream>.json` out.

    python -m tools.generate_schemas [SPECIFICATION]
    python -m tools.generate_schemas --from-extract

The first form is for a new version of the specification: it renews the extract, then writes the
schemas from it. The second writes the schemas alone, after a change of the manifest or of a
description, and needs nothing but the repository.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from source_stripe_saas.streams.plans import load_plans
from stripe_sandbox import stripe_spec as extract
from tools import descriptions, stripe_spec
from tools.object_schema import Schema
from tools.stream_schema import stream_schema

ROOT = Path(__file__).parents[1]
SPECIFICATION = ROOT.parent / "shared" / "stripe" / "openapi.spec3.json"
SCHEMAS = ROOT / "schemas"

_LIST_OF_WORDS = re.compile(r'\[\s+("\w+"(?:,\s+"\w+")*)\s+\]')


def all_schemas(definitions: Mapping[str, Any]) -> dict[str, Schema]:
    """The JSON Schema of every stream of the manifest, from the specification's schemas."""
    texts = descriptions.load()
    return {name: stream_schema(plan, definitions, texts) for name, plan in load_plans().items()}


def rendered(schema: Schema) -> str:
    """The text of a schema file: indented, short lists of words on one line."""
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    return _LIST_OF_WORDS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def main() -> None:
    """Writes the schema files and, given a specification, the extract before them."""
    parser = argparse.ArgumentParser(description="Write the JSON Schemas of all streams.")
    parser.add_argument("specification", type=Path, nargs="?", default=SPECIFICATION)
    parser.add_argument("--from-extract", action="store_true", help="use the repository's extract")
    parser.add_argument("--out", type=Path, default=SCHEMAS)
    arguments = parser.parse_args()
    if arguments.from_extract:
        definitions = extract.load()["schemas"]
    else:
        specification = orjson.loads(arguments.specification.read_bytes())
        extracted = stripe_spec.extract(specification)
        stripe_spec.write_compressed(extracted, stripe_spec.DATA_DIRECTORY / stripe_spec.SPEC_FILE)
        definitions = extracted["schemas"]
    arguments.out.mkdir(parents=True, exist_ok=True)
    schemas = all_schemas(definitions)
    for name, schema in schemas.items():
        (arguments.out / f"{name}.json").write_text(rendered(schema), encoding="utf-8")
    compact_bytes = len(orjson.dumps(list(schemas.values())))
    print(f"{len(schemas)} schemas, {compact_bytes / 1e6:.2f} MB as one message")


if __name__ == "__main__":
    main()
