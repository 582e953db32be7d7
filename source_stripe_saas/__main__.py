"""The command `source-stripe-saas spec | check | discover | read`: the Airbyte protocol."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any, TextIO

from source_stripe_saas.api.trust import TrustError, own_certificates
from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import (
    ConfigError,
    parse_settings,
    refuse_several_accounts,
)
from source_stripe_saas.protocol.arguments import (
    catalog_of,
    load_catalog,
    load_config,
    load_state,
    parse_arguments,
    states_of,
)
from source_stripe_saas.protocol.line_writer import LineWriter, OutputBroken
from source_stripe_saas.streams.plans import load_plans

_STOPPED = "The sync was stopped by {} before its end. Run it again: it goes on where it stopped."


def main() -> None:
    """Runs one command and ends the process without waiting for its threads.

    The CDK's worker threads would keep a process with a broken pipe alive for ever.
    """
    code = 1
    try:
        code = run(sys.argv[1:], sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # the reader has closed the pipe, so there is nowhere to report it
    except OSError as error:
        print(f"The output cannot be written: {error.strerror}.", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(code)


def run(arguments: Sequence[str], out: TextIO) -> int:
    """Runs one command and returns the exit code.

    Args:
        arguments: the command line without the program's name.
        out: where the protocol's messages go.

    Raises:
        OSError: they cannot be written.
    """
    try:
        chosen = parse_arguments(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    lines = LineWriter(out)
    try:
        code = _run(chosen, lines)
        lines.close()
    except OutputBroken as broken:
        raise broken.error from None
    return code


def _run(chosen: Namespace, lines: LineWriter) -> int:
    if chosen.command == "spec":
        # The CDK takes three seconds to load, and a specification is just a file.
        _write(lines, {"type": "SPEC", "spec": resources.spec()})
        return 0
    try:
        config = load_config(chosen.config)
        settings = parse_settings(config)
        if getattr(chosen, "runtime", None) == "cdk":
            refuse_several_accounts(settings, "--runtime cdk")
        own_certificates()
        catalog, state = _catalog_and_state(chosen)
    except (ConfigError, TrustError) as error:
        if chosen.command == "check":
            status = {"status": "FAILED", "message": str(error)}
            _write(lines, {"type": "CONNECTION_STATUS", "connectionStatus": status})
        _write(lines, _trace(str(error)))
        return 1
    return _run_with_cdk(chosen, config, catalog, state, lines)


def _catalog_and_state(chosen: Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if chosen.command != "read":
        return {}, []
    known = None
    if chosen.runtime == "cdk":
        known = [plan.name for plan in load_plans().values() if not plan.derived]
    return load_catalog(chosen.catalog, known), load_state(chosen.state)


def _run_with_cdk(
    chosen: Namespace,
    config: dict[str, Any],
    raw_catalog: dict[str, Any],
    raw_state: list[dict[str, Any]],
    lines: LineWriter,
) -> int:
    from airbyte_cdk.utils.traced_exception import AirbyteTracedException

    from source_stripe_saas.engine.shutdown import Stopped
    from source_stripe_saas.protocol.entrypoint import PageEntrypoint
    from source_stripe_saas.protocol.heap import collect_garbage_rarely, keep_one_heap
    from source_stripe_saas.protocol.log_lines import log_to
    from source_stripe_saas.protocol.printed_lines import PrintedLines
    from source_stripe_saas.source import SourceStripeSaas, source_of
    from source_stripe_saas.stock_source import StockSource

    keep_one_heap()
    log_to(lines, is_debug=chosen.debug)
    try:
        catalog = catalog_of(raw_catalog) if raw_catalog else None
        state = states_of(raw_state)
        source: SourceStripeSaas | StockSource
        if chosen.command == "read" and chosen.runtime == "cdk":
            source = StockSource(catalog, config, state)
        else:
            source = source_of(catalog, config, state)
            source.pages = True
        entrypoint = PageEntrypoint(source, lines)
        collect_garbage_rarely()
        with redirect_stdout(PrintedLines(lines)):
            if chosen.command == "check":
                entrypoint.check(config)
            elif chosen.command == "discover":
                entrypoint.discover(config)
            elif catalog is not None:
                entrypoint.read(config, catalog)
    except OutputBroken:
        raise
    except Stopped as stopped:
        _write(lines, _trace(_STOPPED.format(stopped), "transient_error"))
        return stopped.exit_code
    except ConfigError as error:
        _write(lines, _trace(str(error)))
        return 1
    except AirbyteTracedException as error:
        if error.internal_message != "Concurrent read failure":  # each stream has reported its own
            _write(lines, _message_of(error))
        return 1
    except Exception as error:
        _write(lines, _message_of(AirbyteTracedException.from_exception(error)))
        return 1
    return 0


def _message_of(error: Any) -> dict[str, Any]:
    from airbyte_cdk.models import AirbyteMessageSerializer

    message: dict[str, Any] = AirbyteMessageSerializer.dump(error.as_sanitized_airbyte_message())
    details = message["trace"]["error"]
    if details.get("failure_type") == "config_error":
        details.pop("stack_trace", None)  # of no use for correcting a setting
    return message


def _trace(text: str, failure_type: str = "config_error") -> dict[str, Any]:
    """An error trace, made without the CDK; by default for an error that the user can correct."""
    error = {"message": text, "internal_message": text, "failure_type": failure_type}
    now_ms = time.time() * 1000
    return {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": now_ms, "error": error}}


def _write(lines: LineWriter, message: dict[str, Any]) -> None:
    lines.write(f"{json.dumps(message)}\n".encode())


if __name__ == "__main__":
    main()
