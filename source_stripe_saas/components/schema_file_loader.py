"""A stream's name -> its schema from `schemas/`."""

# No postponed annotations here: the CDK looks them up at run time, and Python 3.10 does not take
# an InitVar for a type then.
from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from typing import Any

from airbyte_cdk.sources.declarative.schema.schema_loader import SchemaLoader

from source_stripe_saas.config import resources


@dataclass
class SchemaFileLoader(SchemaLoader):
    """Loads `schemas/<stream>.json`, from a checkout or an installed wheel."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    name: str = ""
    """The stream's, which the CDK passes on from the stream's parameters."""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.name = self.name or parameters.get("name", "")

    def get_json_schema(self) -> Mapping[str, Any]:
        """The stream's JSON Schema."""
        return resources.schema(self.name)
