"""`descriptions.yaml` in; the text for a stream or one of its properties out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("descriptions.yaml")


@dataclass(frozen=True)
class Descriptions:
    """Our own short texts on what a stream and its columns hold."""

    streams: Mapping[str, str]
    """Stream -> what one record is."""
    shared: Mapping[str, str]
    """Property -> text, for every stream that has the property and no text of its own for it."""
    properties: Mapping[str, Mapping[str, str]]
    """Stream -> property -> text."""

    def of_stream(self, stream: str) -> str:
        """What one record of a stream is.

        Raises:
            KeyError: the stream has no text.
        """
        return self.streams[stream]

    def of_property(self, stream: str, name: str) -> str | None:
        """What a top-level property holds; None if nothing is written about it."""
        return self.properties.get(stream, {}).get(name, self.shared.get(name))


def load(path: Path = FILE) -> Descriptions:
    """Reads the texts."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Descriptions(content["streams"], content["shared"], content["properties"])
