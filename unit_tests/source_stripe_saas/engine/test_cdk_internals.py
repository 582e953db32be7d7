"""The CDK's private names that are touched: each test says what breaks when its name goes."""

import ast
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import (
    PartitionGenerator,
)
from airbyte_cdk.sources.streams.concurrent.partitions.types import PartitionCompleteSentinel
from airbyte_cdk.sources.types import Record
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

import source_stripe_saas
from source_stripe_saas.config import resources
from source_stripe_saas.engine import cdk_internals
from source_stripe_saas.engine.cdk_internals import (
    ItemHandlingSource,
    count_records,
    flag_failure,
    keep_stream_open,
)
from source_stripe_saas.engine.core import PageSource
from source_stripe_saas.engine.cursor import ProgressCursor
from source_stripe_saas.source import SourceStripeSaas
from unit_tests.source_stripe_saas.engine.reading import CONFIG

PACKAGE = Path(source_stripe_saas.__file__).parent
STREAM = "customers"


class Two(Partition):
    """A partition of two records."""

    def __init__(self, records=2):
        self._records = records

    def read(self):
        for number in range(self._records):
            yield Record(data={"id": f"cus_{number}"}, stream_name=STREAM)

    def to_slice(self):
        return {}

    def stream_name(self):
        return STREAM

    def __hash__(self):
        return id(self)


class One(PartitionGenerator):
    def generate(self):
        yield Two()


class Source(ItemHandlingSource):
    """Notes the items that it handles, and does as the test says."""

    def __init__(self, on_item):
        logger = logging.getLogger("airbyte.test")
        logger.setLevel(logging.INFO)
        super().__init__(ThreadPoolManager(ThreadPoolExecutor(1), logger), logger)
        self.items, self._on_item = [], on_item

    def handle_item(self, item, processor):
        self.items.append(item)
        yield from self._on_item(self, item, processor)


def a_stream():
    return DefaultStream(
        One(), STREAM, {}, [["id"]], None, logging.getLogger("airbyte.test"), ProgressCursor(STREAM)
    )


def as_the_core_does(source, item, processor):
    return source.handle_as_the_core_does(item, processor)


def read(on_item=as_the_core_does):
    """The messages of a read of one stream, and the items that it went through."""
    source, messages = Source(on_item), []
    with suppress(AirbyteTracedException):
        for message in source.read([a_stream()]):
            messages.append(message)
    return messages, source.items


def statuses(messages):
    traces = [message.trace for message in messages if message.trace]
    return [trace.stream_status.status.value for trace in traces if trace.stream_status]


def test_handle_item_gets_all_that_threads_put_into_the_queue_or_a_page_would_be_one_record():
    messages, items = read()
    kinds = [type(item).__name__ for item in items]
    assert kinds.count("Record") == 2
    assert {"Two", "PartitionCompleteSentinel"} <= set(kinds)
    assert statuses(messages) == ["STARTED", "RUNNING", "COMPLETE"]
    # Each name that is overridden is one that the core calls.
    assert "_handle_item" in vars(ConcurrentSource)


def test_a_stream_is_kept_open_or_it_would_say_complete_while_another_still_reads_for_it():
    held, said = Two(0), []

    def on_item(source, item, processor):
        if isinstance(item, Two):
            keep_stream_open(processor, held)
        yield from source.handle_as_the_core_does(item, processor)
        if isinstance(item, PartitionCompleteSentinel):
            said.append("let go")
            yield from processor.on_partition_complete_sentinel(PartitionCompleteSentinel(held))

    for message in Source(on_item).read([a_stream()]):
        said += statuses([message])
    assert said == ["STARTED", "RUNNING", "let go", "COMPLETE"]


def test_records_are_counted_or_the_log_would_say_that_a_stream_had_none(caplog):
    def on_item(source, item, processor):
        if isinstance(item, Record):
            count_records(processor, STREAM, 100)
            return
        yield from source.handle_as_the_core_does(item, processor)

    with caplog.at_level(logging.INFO):
        read(on_item)
    assert f"Read 200 records from {STREAM} stream" in caplog.messages


def test_a_failure_is_flagged_or_its_stream_would_say_complete():
    def on_item(source, item, processor):
        if isinstance(item, Two):
            flag_failure(processor, STREAM, ValueError("made up"))
        yield from source.handle_as_the_core_does(item, processor)

    messages, _ = read(on_item)
    assert statuses(messages)[-1] == "INCOMPLETE"


# -- nowhere else ----------------------------------------------------------------------------------


# `os._exit`, and what the standard library documents of named tuples.
PUBLIC_ALL_THE_SAME = {"_exit", "_replace"}


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def own_names(tree):
    """Private names that a module defines: functions, classes, attributes and variables."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)  # of __slots__
    return names


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_other_file_touches_a_private_name_that_it_does_not_define(path):
    if path == Path(cdk_internals.__file__):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and is_private(node.attr)
    }
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if is_private(alias.name)
    }
    assert used - own_names(tree) - PUBLIC_ALL_THE_SAME | imported == set()


def the_cdks_source():
    return ConcurrentDeclarativeSource(None, CONFIG, None, source_config=resources.manifest())


@pytest.mark.parametrize(
    ("file", "cls", "base"),
    [
        ("source.py", SourceStripeSaas, the_cdks_source),
        ("engine/core.py", PageSource, lambda: Source(as_the_core_does)),
    ],
    ids=["source", "core"],
)
def test_nothing_of_ours_takes_the_place_of_a_name_of_the_cdks(file, cls, base):
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    attributes = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    methods = {name for name in vars(cls) if is_private(name)} - {"_abc_impl"}
    made = base()
    assert attributes & vars(made).keys() == set()
    assert methods & set(dir(made)) == set()


def test_the_cdks_entry_point_is_used_by_its_public_names_alone():
    assert {"handle_record_counts", "airbyte_message_to_string"} <= set(vars(AirbyteEntrypoint))
