"""A sync whose every message a test gives, and what it leaves in the warehouse."""

import json

import msgspec

from source_stripe_saas.config import resources
from stripe_saas.warehouse.database import WarehouseError
from stripe_saas.warehouse.loader import Loader
from stripe_saas.warehouse.sync_log import SyncBegin, next_sync_id, note_begin

NOON = 1_700_000_000


def streams(*names, mode="incremental", has_account=False):
    key = [["account_id"], ["id"]] if has_account else [["id"]]
    account = {"account_id": {"type": "string"}} if has_account else {}
    return [
        {
            "stream": {
                "name": name,
                "json_schema": {"properties": account | resources.schema(name)["properties"]},
                "source_defined_primary_key": key,
            },
            "sync_mode": mode,
        }
        for name in names
    ]


class Lock:
    """A lock that may get lost."""

    is_held = True

    def check(self, session):
        if not self.is_held:
            raise WarehouseError("lost")


class Sync:
    """A sync of some streams, of which a test says every message."""

    def __init__(
        self, database, folder, *names, is_full=False, mode="incremental", has_account=False
    ):
        begin = SyncBegin(next_sync_id(database), NOON, "acct_1", "Acme", "test", is_full)
        note_begin(database, begin)
        self.database, self.lock = database, Lock()
        chosen = streams(*names, mode=mode, has_account=has_account)
        self.loader = Loader(database, chosen, folder, begin, self.lock, lambda: NOON)

    def record(self, stream, key, **data):
        self.loader.take_record(stream, msgspec.json.encode({"id": key, **data}), 1_000)

    def state(self, stream, second):
        descriptor = {"name": stream}
        blob = {"stream_descriptor": descriptor, "stream_state": {"updated": second}}
        self.loader.take_state(stream, {"type": "STREAM", "stream": blob})

    def complete(self, *names):
        for name in names:
            self.loader.end_stream(name, is_complete=True)

    @property
    def states(self):
        return {
            each["stream"]["stream_descriptor"]["name"]: each["stream"]["stream_state"]["updated"]
            for each in json.loads(self.loader.states())
        }


def names_in(database, stream="customers"):
    return dict(database.select(f"select id, name from stripe_raw.{stream} order by id"))


def log_of(database, stream):
    return database.rows(
        "select status, record_count, synced_at, error from stripe_raw._stripe_saas_sync_streams "
        "where stream = ? order by sync_id desc",
        stream,
    )[0]
