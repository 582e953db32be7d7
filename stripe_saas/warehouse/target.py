"""The address of a warehouse as a user writes it -> what connects to it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_POSTGRES_PORT = 5432
_POSTGRES_SCHEMES = ("postgres", "postgresql")
_POSTGRES_OPTIONS = (
    *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslnegotiation"),
    *("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval"),
    *("keepalives_count", "tcp_user_timeout", "application_name", "options"),
    *("channel_binding", "gssencmode", "krbsrvname", "target_session_attrs"),
)
"""Parameters of libpq that an address may have; the rest of them is in the address itself."""


class TargetError(ValueError):
    """An address that names no warehouse; the text never holds a password."""


@dataclass(frozen=True)
class Target:
    """Where a warehouse is and how to get in."""

    kind: Literal["duckdb", "postgres"]
    path: Path = Path()
    """The file of a DuckDB."""
    host: str = ""
    port: int = _POSTGRES_PORT
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """What a Postgres address says after its `?`, such as `sslmode`."""

    def __str__(self) -> str:
        """The address without its password."""
        if self.kind == "duckdb":
            return f"duckdb:///{self.path}"
        return f"postgres://{self.user}@{self._host_in_url}:{self.port}/{self.database}"

    @property
    def _host_in_url(self) -> str:
        """In brackets if it is an address of IPv6, whose colons would look like the port's."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def postgres_url(self) -> str:
        """The address with its password, for drivers; never shown."""
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        place = f"{self._host_in_url}:{self.port}"
        address = f"postgresql://{who}@{place}/{quote(self.database, safe='')}"
        return address + (f"?{urlencode(self.options)}" if self.options else "")


def parse_target(address: str) -> Target:
    """Understands `duckdb:///path`, the path of a DuckDB file alone, and `postgres://…`.

    A password may also come from the environment, as `PGPASSWORD`.

    Raises:
        TargetError: it is none of these.
    """
    scheme, separator, rest = address.partition("://")
    if not separator:
        if address.endswith((".duckdb", ".db", ".ddb")):
            return Target("duckdb", path=Path(address).expanduser())
        raise TargetError(
            f"{address!r} is no warehouse: write duckdb:///file.duckdb or "
            "postgres://user:password@host/database."
        )
    if scheme == "duckdb":
        if "?" in rest:
            raise TargetError("the address of a DuckDB file takes no parameters after a `?`.")
        path = unquote(rest.removeprefix("/"))
        if not path or path == ":memory:":
            raise TargetError("a DuckDB needs a file to stay in: duckdb:///file.duckdb.")
        return Target("duckdb", path=Path(path).expanduser())
    if scheme in _POSTGRES_SCHEMES:
        return _postgres(address)
    raise TargetError(f"a warehouse of the kind {scheme!r} is not known: duckdb or postgres.")


def _postgres(address: str) -> Target:
    try:
        parts = urlsplit(address)
        port = parts.port or _POSTGRES_PORT
    except ValueError:
        raise TargetError("the address of the Postgres server cannot be read.") from None
    database = unquote(parts.path.lstrip("/"))
    if not parts.hostname or not parts.username or not database:
        raise TargetError(
            "a Postgres address needs user, host and database: postgres://user:password@host/name."
        )
    options = tuple(parse_qsl(parts.query, keep_blank_values=True))
    unknown = [name for name, _ in options if name not in _POSTGRES_OPTIONS]
    if unknown:
        raise TargetError(
            f"the address has the parameter {unknown[0]!r}, which is not known: one of "
            f"{', '.join(_POSTGRES_OPTIONS)}."
        )
    return Target(
        "postgres",
        host=parts.hostname,
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password or "") or os.environ.get("PGPASSWORD", ""),
        database=database,
        options=options,
    )
