"""The exposures of the dbt project name what the report and the close read, no more and no less."""

import re

import pytest
import yaml

from stripe_saas.warehouse.models import PROJECT

READERS = {
    "stripe_saas_report": ("report", r"\{(\w+)\}"),
    "stripe_saas_close": ("close", r"\{marts\.(?:schema|steps)\}\.(\w+)"),
}
"""Exposure -> the package that it is of, and how its queries name a model."""


@pytest.mark.parametrize("name", READERS)
def test_an_exposure_depends_on_what_its_queries_read(name):
    package, pattern = READERS[name]
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    sources = (PROJECT.parent / package).rglob("*.py")
    read = {word for path in sources for word in re.findall(pattern, path.read_text("utf-8"))}
    content = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text("utf-8"))
    [exposure] = (each for each in content["exposures"] if each["name"] == name)
    depends = {re.fullmatch(r"ref\('(\w+)'\)", each)[1] for each in exposure["depends_on"]}
    assert depends == read & models
