"""A source and the command's arguments -> the Airbyte protocol on standard output.

The CDK's own entry point makes one text of each message; this one writes a page's lines as they
are, ahead of the state that counts on them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, ConfiguredAirbyteCatalog, Type
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor
from airbyte_cdk.utils.airbyte_secrets_utils import update_secrets

from source_stripe_saas.engine.page import PageMessage
from source_stripe_saas.engine.shutdown import stopping_on_signals
from source_stripe_saas.protocol.line_writer import LineWriter
from source_stripe_saas.source import SourceStripeSaas
from source_stripe_saas.stock_source import StockSource

_SECRET_CREDENTIALS = ("client_secret", "access_token", "refresh_token")


class PageEntrypoint:
    """Runs one command of the protocol and writes its messages."""

    def __init__(self, source: SourceStripeSaas | StockSource, lines: LineWriter) -> None:
        self._source, self._lines = source, lines
        self._plain = AirbyteEntrypoint(source)

    def check(self, config: dict[str, Any]) -> None:
        self._hide_secrets(config)
        status = self._source.check(self._source.logger, config)
        self._write(AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=status))

    def discover(self, config: dict[str, Any]) -> None:
        self._hide_secrets(config)
        catalog = self._source.discover(self._source.logger, config)
        self._write(AirbyteMessage(type=Type.CATALOG, catalog=catalog))

    def read(self, config: dict[str, Any], catalog: ConfiguredAirbyteCatalog) -> None:
        """Writes records, states and statuses until every stream has ended.

        Raises:
            AirbyteTracedException: nothing could be read, or some streams were not read to the end
                (each of them has written its own trace).
            OutputBroken: standard output accepts no more.
            Stopped: a signal ended the read.
        """
        self._hide_secrets(config)
        with stopping_on_signals(self._source.stop):
            counts: defaultdict[HashableStreamDescriptor, float] = defaultdict(float)
            for message in self._source.read(self._source.logger, config, catalog):
                if isinstance(message, PageMessage):
                    name = message.record.stream if message.record else ""
                    counts[HashableStreamDescriptor(name=name)] += message.count
                    self._lines.write(message.lines)
                    continue
                self._write(self._plain.handle_record_counts(message, counts))

    def _hide_secrets(self, config: dict[str, Any]) -> None:
        names = ("client_secret", "personal_data_key")
        # As they are sent: without blanks around them.
        secrets = [config.get(name) for name in names]
        credentials = config.get("credentials")
        if isinstance(credentials, dict):
            secrets += [credentials.get(name) for name in _SECRET_CREDENTIALS]
        update_secrets([str(secret).strip() for secret in secrets if secret])

    def _write(self, message: AirbyteMessage) -> None:
        self._lines.write(f"{self._plain.airbyte_message_to_string(message)}\n".encode())
