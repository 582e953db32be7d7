"""What the command line and the environment say -> the settings of one process of the service."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from stripe_saas_service.data_folder import DataFolder

LOOPBACK = ("127.0.0.1", "::1", "localhost")

_PREFIX = "STRIPE_SAAS_"


class SettingsError(ValueError):
    """The service cannot run with these settings; the text says what to change."""


@dataclass(frozen=True)
class OAuthApp:
    """An app registered at Stripe, with which a click connects an account."""

    kind: str
    """`connect` (a token that does not expire) or `app` (one hour, with a refresh token)."""
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """The settings of one process."""

    folder: DataFolder
    store_url: str = field(repr=False)
    """An address for SQLAlchemy; it may hold a password and is never shown."""
    host: str = "127.0.0.1"
    port: int = 8090
    is_behind_proxy: bool = False
    public_url: str = ""
    """Where browsers find the service, without a slash at its end; empty: host and port."""
    only_live: bool = False
    """Refuses keys and tokens of test mode."""
    oauth_apps: tuple[OAuthApp, ...] = ()
    connect_url: str = "https://connect.stripe.com"
    api_url: str = "https://api.stripe.com"
    vault_keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys of the secrets, the newest first; empty: those of the key file."""
    password_memory_kib: int = 65_536
    """Memory of one argon2 hash."""

    @property
    def url(self) -> str:
        """The address of the service, as people type it."""
        if self.public_url:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def is_https(self) -> bool:
        """True if browsers come by TLS, so that cookies may demand it."""
        return self.url.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """The names by which a request may call the service, lower case, without ports."""
        named = urlsplit(self.url).hostname or ""
        return frozenset((named, *(LOOPBACK if self.host in LOOPBACK else ())))


def settings_of(
    *,
    data: Path | None = None,
    store: str = "",
    host: str = "127.0.0.1",
    port: int = 8090,
    behind_proxy: bool = False,
    public_url: str = "",
    only_live: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Puts settings together; the data folder is made if it is not there.

    Args:
        data: the folder; None: the user's data folder.
        store: `postgres://…`; empty: a SQLite file in the folder.
        host: the address to bind.
        port: the port to bind.
        behind_proxy: whether a proxy in front brings TLS.
        public_url: where browsers find the service.
        only_live: whether test mode is refused.
        environment: holds secrets, such as the keys of the store's secrets.

    Raises:
        SettingsError: they contradict each other, or the folder cannot be used.
    """
    if host not in LOOPBACK and not behind_proxy:
        raise SettingsError(
            f"--host {host} would send passwords over the network without TLS. Put a proxy with "
            "TLS in front and say --behind-proxy, or leave --host out."
        )
    if behind_proxy and not public_url.startswith("https://"):
        raise SettingsError(
            "--behind-proxy needs the address that browsers use: --public-url https://…"
        )
    try:
        folder = DataFolder.made(data)
    except OSError as error:
        raise SettingsError(
            f"the data folder {data} cannot be used: {error.strerror}. Name another one by --data."
        ) from None
    return Settings(
        folder=folder,
        store_url=store_url(store or environment.get(f"{_PREFIX}STORE", ""), folder),
        host=host,
        port=port,
        is_behind_proxy=behind_proxy,
        public_url=public_url.rstrip("/"),
        only_live=only_live,
        oauth_apps=tuple(_oauth_apps(environment)),
        connect_url=environment.get(f"{_PREFIX}CONNECT_URL", Settings.connect_url),
        api_url=environment.get(f"{_PREFIX}API_URL", Settings.api_url),
        vault_keys=tuple(environment.get(f"{_PREFIX}VAULT_KEYS", "").replace(",", " ").split()),
    )


def store_url(address: str, folder: DataFolder) -> str:
    """An address for SQLAlchemy.

    Args:
        address: `postgres://…` as users write it; empty: a SQLite file in the folder.
        folder: of the data.

    Raises:
        SettingsError: it is another kind of address.
    """
    if not address:
        return f"sqlite:///{folder.store}"
    scheme, separator, rest = address.partition("://")
    if separator and scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    raise SettingsError("--store takes postgres://user:password@host/name, or is left out.")


def _oauth_apps(environment: Mapping[str, str]) -> list[OAuthApp]:
    apps = []
    for kind in ("connect", "app"):
        names = [f"{_PREFIX}{kind.upper()}_CLIENT_{part}" for part in ("ID", "SECRET")]
        client_id, secret = (environment.get(name, "") for name in names)
        if bool(client_id) != bool(secret):
            raise SettingsError(f"set both {names[0]} and {names[1]}, or neither.")
        if client_id:
            apps.append(OAuthApp(kind, client_id, secret))
    return apps
