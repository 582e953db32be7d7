"""Asks an account in-process, as a request over HTTP would."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from stripe_sandbox.account import Account
from stripe_sandbox.server import Settings, build_app
from stripe_sandbox.server.api import Api
from stripe_sandbox.server.keys import Key
from stripe_sandbox.store import Store

KEY = "sk_test_0123456789abcdef"
RESTRICTED = "rk_test_0123456789abcdef"
NOW = 1_781_524_800
OWN = "acct_own"


@dataclass
class Answer:
    """One reply."""

    status: int
    content: Any
    headers: dict[str, str]

    @property
    def ids(self) -> list[str]:
        """Ids of a list's objects."""
        assert self.status == 200, self.content
        return [entry["id"] for entry in self.content["data"]]

    @property
    def error(self) -> dict[str, Any]:
        """The error object of a refusal."""
        assert self.status >= 400, self.content
        return self.content["error"]


class Asker:
    """One account behind an API, asked with one key."""

    def __init__(self, account: Account, **settings: Any) -> None:
        self.account = account
        self.api: Api = build_app(account, Settings(**settings)).state.api

    def __call__(
        self,
        path: str,
        query: str = "",
        *,
        key: str | None = KEY,
        method: str = "GET",
        **headers: str,
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["authorization"] = f"Bearer {key}"
        reply = asyncio.run(self.api.answer(method, path, query, sent))
        return Answer(reply.status, json.loads(reply.body), reply.headers)

    def describe(self, key: str, **described: Any) -> None:
        """Describes a key."""
        self.api.keys.add(Key(key, **described))


def an_account(*contents: dict[str, Any]) -> Account:
    """An account that holds the given objects and itself."""
    store = Store(now=NOW)
    store.put({"id": OWN, "object": "account", "controller": {"type": "account"}})
    for content in contents:
        store.put(content)
    return Account(store, OWN, {})


def numbered(name: str, count: int, **fields: Any) -> list[dict[str, Any]]:
    """So many objects, made a second apart; the last is the newest."""
    return [
        {"id": f"{name}_{i}", "object": name, "created": NOW - 1_000 + i, **fields}
        for i in range(count)
    ]
