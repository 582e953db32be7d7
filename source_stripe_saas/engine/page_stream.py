"""A plan and what a sync begins with -> a stream for the CDK's concurrent core."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream

from source_stripe_saas.config import resources
from source_stripe_saas.engine.cursor import AnyProgress, ProgressCursor
from source_stripe_saas.engine.page import PageFormat
from source_stripe_saas.engine.partition import Placeholder, TaskPartitions
from source_stripe_saas.streams.account_states import ACCOUNT_FIELD
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.task import Task

Begin = Callable[[], Iterator[Task | Placeholder]]
"""Called once when a stream's turn has come; gives its first tasks."""


def page_stream(
    plan: StreamPlan,
    logger: logging.Logger,
    begin: Begin = lambda: iter(()),
    progress: AnyProgress | None = None,
    page_format: PageFormat | None = None,
    *,
    has_account: bool = False,
) -> DefaultStream:
    """A stream whose records come in pages.

    Args:
        plan: what it is.
        logger: the source's.
        begin: by default it has nothing to read, which is enough to describe it.
        progress: where it stands in this sync.
        page_format: how its pages are made.
        has_account: its records and its key begin with the account.
    """
    cursor = ProgressCursor(plan.name)
    cursor.progress = progress
    return DefaultStream(
        partition_generator=TaskPartitions(begin, page_format or PageFormat()),
        name=plan.name,
        json_schema=partial(_schema_with_account if has_account else resources.schema, plan.name),
        primary_key=[*([ACCOUNT_FIELD] if has_account else []), *plan.primary_key],
        cursor_field=CursorField(plan.cursor_field) if plan.is_incremental else None,
        logger=logger,
        cursor=cursor,
    )


def _schema_with_account(name: str) -> dict[str, Any]:
    schema = resources.schema(name)
    account = {"type": "string", "description": "The Stripe account that the record is from."}
    return {**schema, "properties": {ACCOUNT_FIELD: account, **schema["properties"]}}
