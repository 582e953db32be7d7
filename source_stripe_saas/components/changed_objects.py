"""A page of Stripe's events -> the objects that they changed."""

# No postponed annotations here: the CDK looks them up at run time, and Python 3.10 does not take
# an InitVar for a type then.
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import requests
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor


@dataclass
class ChangedObjects(RecordExtractor):
    """Yields each event's object, with the event's time as `updated` and `is_deleted`."""

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    object: str = ""
    """Stripe's name of the objects; those of another kind are left out."""
    deletion_events: list[str] = field(default_factory=list)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self.object = parameters.get("object", "")
        self.deletion_events = parameters.get("deletion_events", [])

    def extract_records(self, response: requests.Response) -> Iterable[MutableMapping[str, Any]]:
        """The objects of a page, in the events' order: newest first."""
        for event in response.json()["data"]:
            changed = event["data"]["object"]
            if changed.get("object") == self.object:
                yield {
                    **changed,
                    "updated": event["created"],
                    "is_deleted": event["type"] in self.deletion_events,
                }
