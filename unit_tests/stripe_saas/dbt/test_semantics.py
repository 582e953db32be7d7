"""MetricFlow's view names columns that the marts have, and nothing that a project may have too."""

import re
from pathlib import Path

import yaml

MODELS = Path(__file__).parents[3] / "stripe_saas" / "dbt" / "models"
SEMANTICS = yaml.safe_load((MODELS / "semantics.yml").read_text(encoding="utf-8"))
DOCS = Path(__file__).parents[3] / "docs" / "semantics.md"


def columns_of(mart):
    for path in sorted((MODELS / "marts").glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            if model["name"] == mart:
                return {column["name"] for column in model["columns"]}
    raise AssertionError(f"no mart {mart}")


def test_each_measure_and_dimension_is_a_column_of_its_mart():
    for model in SEMANTICS["semantic_models"]:
        known = columns_of(re.fullmatch(r"ref\('(\w+)'\)", model["model"])[1])
        named = {measure["expr"] for measure in model["measures"]}
        named |= {each["name"] for each in model["dimensions"]} - {"account_id"}
        assert named <= known


def test_stocks_are_semi_additive_and_flows_are_not():
    [days, _] = SEMANTICS["semantic_models"]
    windows = {
        each["expr"]: (each.get("non_additive_dimension") or {}).get("window_choice")
        for each in days["measures"]
    }
    flows = ("new", "expansion", "contraction", "churn", "reactivation", "fx")
    assert windows == {
        "opening_minor": "min",
        **dict.fromkeys(("closing_minor", "committed_minor", "customers", "subscriptions"), "max"),
        **dict.fromkeys((f"{name}_minor" for name in flows), None),
    }


def test_no_name_may_be_one_of_a_project_that_installs_the_package():
    names = [each["name"] for each in (*SEMANTICS["metrics"], *SEMANTICS["semantic_models"])]
    names += [each["name"] for model in SEMANTICS["semantic_models"] for each in model["measures"]]
    assert len(set(names)) == len(names) > 20
    assert all(name.startswith("stripe_") for name in names)


def test_the_docs_have_every_metric():
    text = DOCS.read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `(stripe_\w+)`", text, re.MULTILINE))
    assert described == {each["name"] for each in SEMANTICS["metrics"]}
