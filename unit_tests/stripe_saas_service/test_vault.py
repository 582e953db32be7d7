from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from stripe_saas_service.data_folder import write_private
from stripe_saas_service.store import vault
from stripe_saas_service.store.columns import now
from stripe_saas_service.store.tables import Connection, Secret
from stripe_saas_service.store.vault import Vault, VaultError, open_vault, rotate_key

KEY = "rk_test_notthere"


@pytest.fixture
def connection_id(service, company):
    with service.store.reading() as session:
        return session.scalars(select(Connection.id)).one()


@pytest.fixture
def stored(service, connection_id):
    """A connection with a key in the vault."""
    with service.store.writing() as session:
        service.vault.put(session, connection_id, "api_key", KEY)
    return connection_id


def values(service, connection_id, name="api_key", vault=None):
    with service.store.reading() as session:
        return (vault or service.vault).values(session, connection_id, name)


def test_a_secret_comes_back_and_is_in_no_file(settings, service, stored):
    assert values(service, stored) == [KEY]
    service.store.close()
    content = b"".join(each.read_bytes() for each in settings.folder.root.glob("store*"))
    assert b"api_key" in content
    assert KEY.encode() not in content


def test_a_new_secret_takes_the_place_of_the_old_one_unless_it_is_put_beside(service, stored):
    with service.store.writing() as session:
        service.vault.put(session, stored, "api_key", "second")
        service.vault.put(session, stored, "webhook_secret", "whsec_1")
        service.vault.put(session, stored, "webhook_secret", "whsec_2", beside=True)
    assert values(service, stored) == ["second"]
    assert values(service, stored, "webhook_secret") == ["whsec_2", "whsec_1"]


def test_an_expired_secret_is_not_given(service, stored):
    with service.store.writing() as session:
        service.vault.put(session, stored, "access_token", "old", expires_at=now())
    assert values(service, stored, "access_token") == []


def test_a_secret_moved_to_another_row_is_refused(service, stored):
    with service.store.writing() as session:
        session.scalars(select(Secret)).one().name = "refresh_token"
    with pytest.raises(VaultError, match="another row's"):
        values(service, stored, "refresh_token")


def test_a_lost_key_says_what_to_do_and_no_secret(service, stored):
    with pytest.raises(VaultError, match="bring back the key file") as caught:
        values(service, stored, vault=Vault([Fernet.generate_key().decode()]))
    assert KEY not in str(caught.value)


def test_after_a_rotation_the_new_key_alone_opens(settings, service, stored):
    file = settings.folder.keys / "vault.keys"
    old = file.read_text().split()
    assert rotate_key(service.store, settings.folder) == 1
    assert set(old).isdisjoint(file.read_text().split())
    assert values(service, stored, vault=open_vault(settings.folder)) == [KEY]
    with pytest.raises(VaultError):
        values(service, stored, vault=Vault(old))


def test_a_rotation_killed_before_its_end_leaves_secrets_readable(
    settings, service, stored, monkeypatch
):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Vault, "encrypt_again", killed)
    with pytest.raises(KeyboardInterrupt):
        rotate_key(service.store, settings.folder)
    monkeypatch.undo()
    assert values(service, stored, vault=open_vault(settings.folder)) == [KEY]
    rotate_key(service.store, settings.folder)
    assert len((settings.folder.keys / "vault.keys").read_text().split()) == 1
    assert values(service, stored, vault=open_vault(settings.folder)) == [KEY]


def test_keys_of_the_environment_are_used_and_not_written(settings, service, stored):
    first, second = (Fernet.generate_key().decode() for _ in range(2))
    old = (settings.folder.keys / "vault.keys").read_text().strip()
    assert rotate_key(service.store, settings.folder, [first, old]) == 1
    assert values(service, stored, vault=Vault([first])) == [KEY]
    assert rotate_key(service.store, settings.folder, [second, first]) == 1
    assert values(service, stored, vault=open_vault(settings.folder, [second])) == [KEY]
    assert (settings.folder.keys / "vault.keys").read_text().strip() == old


def test_a_key_file_that_others_may_read_is_refused(settings, service):
    (settings.folder.keys / "vault.keys").chmod(0o640)
    with pytest.raises(VaultError, match="chmod 600"):
        open_vault(settings.folder)


def test_of_several_first_starts_one_key_stays(settings, monkeypatch):
    """Another process makes its key between the look for the file and the writing of ours."""
    path = settings.folder.keys / "vault.keys"
    theirs = Fernet.generate_key().decode()
    path.unlink(missing_ok=True)

    def generate_key():
        write_private(path, theirs)
        return Fernet.generate_key()

    monkeypatch.setattr(vault, "Fernet", SimpleNamespace(generate_key=generate_key))
    monkeypatch.setattr(vault, "Vault", list)
    assert open_vault(settings.folder) == [theirs]
    assert [each.name for each in settings.folder.keys.iterdir()] == ["vault.keys"]


def test_keys_of_the_file_still_open_after_those_of_the_environment(settings, service, stored):
    new = Fernet.generate_key().decode()
    both = open_vault(settings.folder, [new])
    assert values(service, stored, vault=both) == [KEY]
    with service.store.writing() as session:
        both.put(session, stored, "api_key", "second")
    assert values(service, stored, vault=Vault([new])) == ["second"], "the environment's is first"


def test_a_store_whose_secrets_no_key_opens_is_noticed(service, stored):
    other = Vault([Fernet.generate_key().decode()])
    with service.store.reading() as session:
        service.vault.check(session)
        with pytest.raises(VaultError, match="no key opens the secrets"):
            other.check(session)
