"""Secrets in, what the store may hold of them out; and back again.

Encrypted with Fernet (AES-128-CBC and HMAC-SHA256) by the first of several keys; any of them opens.
What a secret is for is sealed in with it, so that a row's content is of no use in another row.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stripe_saas_service.data_folder import DataFolder, write_private
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.store import Store
from stripe_saas_service.store.tables import Secret

_KEY_FILE = "vault.keys"


class VaultError(Exception):
    """Secrets cannot be opened; the text says what to do and holds none."""


class Vault:
    """Encrypts and opens secrets."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Takes keys.

        Args:
            keys: of Fernet (32 bytes in URL-safe base64), the newest first.

        Raises:
            VaultError: there is none, or one is no key.
        """
        if not keys:
            raise VaultError("there is no key for the secrets.")
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise VaultError(
                "a key for the secrets cannot be read: each is 32 bytes in URL-safe base64."
            ) from None
        self._of_nobody = self._sealed("", "", "of nobody")

    def put(
        self,
        session: Session,
        connection_id: str,
        name: str,
        value: str,
        *,
        expires_at: datetime | None = None,
        beside: bool = False,
    ) -> None:
        """Stores a secret of a connection in place of those of the same name.

        Args:
            session: a writing one.
            connection_id: of the connection.
            name: such as `api_key`.
            value: the secret.
            expires_at: from when on it is of no use.
            beside: keeps the others of that name, as while a webhook's secret is rolled.
        """
        if not beside:
            self.forget(session, connection_id, name)
        secret = Secret(
            connection_id=connection_id,
            name=name,
            ciphertext=self._sealed(connection_id, name, value),
            created_at=now(),
            expires_at=expires_at,
        )
        session.add(secret)
        session.flush()

    def values(self, session: Session, connection_id: str, name: str) -> list[str]:
        """The secrets of a connection under a name, the newest first; expired ones are left out.

        Raises:
            VaultError: one of them cannot be opened.
        """
        rows = session.scalars(
            select(Secret)
            .where(Secret.connection_id == connection_id, Secret.name == name)
            .order_by(Secret.created_at.desc(), Secret.id)
        )
        moment = now()
        return [
            self._opened(row) for row in rows if row.expires_at is None or row.expires_at > moment
        ]

    def value(self, session: Session, connection_id: str, name: str) -> str | None:
        """The newest secret of a connection under a name, None if there is none.

        Raises:
            VaultError: it cannot be opened.
        """
        return next(iter(self.values(session, connection_id, name)), None)

    def rehearse(self) -> None:
        """Takes the time of opening a secret, where there is none and nobody is to notice."""
        self._fernet.decrypt(self._of_nobody)

    def check(self, session: Session) -> None:
        """Opens the newest secret, if there is one.

        Args:
            session: a reading one.

        Raises:
            VaultError: no key opens it.
        """
        newest = session.scalar(select(Secret).order_by(Secret.created_at.desc()).limit(1))
        if newest is None:
            return
        try:
            self._fernet.decrypt(newest.ciphertext)
        except InvalidToken:
            raise VaultError(
                "no key opens the secrets of the store: bring back the key file of the data "
                "folder, or the keys in STRIPE_SAAS_VAULT_KEYS."
            ) from None

    def forget(self, session: Session, connection_id: str, name: str | None = None) -> None:
        """Deletes the secrets of a connection: those of a name, or all."""
        chosen = delete(Secret).where(Secret.connection_id == connection_id)
        session.execute(chosen if name is None else chosen.where(Secret.name == name))

    def encrypt_again(self, session: Session) -> int:
        """Encrypts all secrets by the first key.

        Returns:
            How many there were.

        Raises:
            VaultError: one of them cannot be opened; none was changed then.
        """
        rows = session.scalars(select(Secret)).all()
        for row in rows:
            row.ciphertext = self._sealed(row.connection_id, row.name, self._opened(row))
        return len(rows)

    def _sealed(self, connection_id: str, name: str, value: str) -> bytes:
        return self._fernet.encrypt(f"{connection_id}\0{name}\0{value}".encode())

    def _opened(self, row: Secret) -> str:
        try:
            text = self._fernet.decrypt(row.ciphertext).decode()
        except InvalidToken:
            raise VaultError(
                f"the secret {row.name} of {row.connection_id} was encrypted by another key: bring "
                "back the key file of the data folder, or connect the account again."
            ) from None
        connection_id, name, value = text.split("\0", 2)
        if (connection_id, name) != (row.connection_id, row.name):
            raise VaultError(f"the secret {row.name} of {row.connection_id} is another row's.")
        return value


def open_vault(folder: DataFolder, keys: Sequence[str] = ()) -> Vault:
    """The vault of a service; makes a key at the first time.

    Args:
        folder: has the key file.
        keys: those of the environment, which go before those of the file; with them, no file is
            made.

    Raises:
        VaultError: the keys cannot be read, or others may read the file.
    """
    path = folder.keys / _KEY_FILE
    if not path.exists():
        if keys:
            return Vault(keys)
        _make_key(path)
    if path.stat().st_mode & 0o077:
        raise VaultError(f"other users may read {path}: chmod 600 it, and rotate the key.")
    return Vault([*keys, *path.read_text(encoding="utf-8").split()])


def _make_key(path: Path) -> None:
    """Writes a first key, unless another process was sooner: its key stays."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    write_private(beside, Fernet.generate_key().decode() + "\n")
    try:
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink()


def rotate_key(store: Store, folder: DataFolder, keys: Sequence[str] = ()) -> int:
    """Encrypts all secrets by a new key and forgets the old ones.

    Keys of the environment are not ours to change: with them, secrets are encrypted by the first.
    A kill at any moment leaves all secrets readable: the file holds old and new keys meanwhile.

    Args:
        store: has the secrets.
        folder: has the key file.
        keys: those of the environment.

    Returns:
        How many secrets there were.

    Raises:
        VaultError: a secret cannot be opened.
    """
    if keys:
        with store.writing() as session:
            return open_vault(folder, keys).encrypt_again(session)
    open_vault(folder)
    path = folder.keys / _KEY_FILE
    new, old = Fernet.generate_key().decode(), path.read_text(encoding="utf-8").split()
    write_private(path, "\n".join([new, *old]) + "\n")
    with store.writing() as session:
        count = Vault([new, *old]).encrypt_again(session)
    write_private(path, new + "\n")
    return count
