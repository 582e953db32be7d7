"""A page of a list -> the objects of one kind that are somewhere inside its objects."""

# No postponed annotations here: see `changed_objects.py`.
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from typing import Any

import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor


@dataclass
class CarriedObjects(RecordExtractor):
    """Yields each such object, with `is_deleted` in place of Stripe's own `deleted`."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    object: str = ""
    """Stripe's name of the objects."""

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.object = parameters.get("object", "")

    def extract_records(self, response: requests.Response) -> Iterable[MutableMapping[str, Any]]:
        """The objects of a page, in its order."""
        for found in self._inside(response.json()["data"]):
            kept = {name: value for name, value in found.items() if name != "deleted"}
            yield {**kept, "is_deleted": bool(found.get("deleted"))}

    def _inside(self, node: Any) -> Iterator[Mapping[str, Any]]:
        if isinstance(node, Mapping):
            if node.get("object") == self.object:
                yield node
                return
            node = node.values()
        elif not isinstance(node, list):
            return
        for part in node:
            yield from self._inside(part)
