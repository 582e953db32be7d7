"""The manifest, read by the CDK's own components instead of the connector's engine.

`read --runtime cdk` uses it. It is slower and knows less (docs/streams.md lists the differences),
but every part of it is Airbyte's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pendulum
from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)

from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import parse_settings, without_reserved


class StockSource(ConcurrentDeclarativeSource):
    """Stripe's streams, read as any low-code connector reads them."""

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None,
        config: Mapping[str, Any],
        state: list[AirbyteStateMessage],
    ) -> None:
        """Takes a config that `parse_settings` accepts.

        Raises:
            ConfigError: it does not.
        """
        start = parse_settings(config).start
        # The manifest's cursor knows one format; a config may have any of ISO 8601.
        start_date = pendulum.from_timestamp(start).format("YYYY-MM-DDTHH:mm:ss[Z]")
        accepted = {**without_reserved(config), "start_date": start_date}
        super().__init__(
            catalog=catalog, config=accepted, state=state, source_config=resources.manifest()
        )

    def stop(self, number: int) -> bool:
        """False: the CDK cannot end a read in order, so the process ends at once."""
        return False
