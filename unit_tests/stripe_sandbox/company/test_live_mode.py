"""A company in live mode is so to its last nested object, however much has happened since."""

from typing import Any

from stripe_sandbox.account import open_account

MONTH = 30 * 86_400


def has_test_mode(node: Any) -> bool:
    """Whether anything in a value says that it belongs to test mode."""
    if isinstance(node, list):
        return any(map(has_test_mode, node))
    if isinstance(node, dict):
        return node.get("livemode") is False or any(map(has_test_mode, node.values()))
    return False


def test_what_happens_in_a_live_account_is_live():
    account = open_account("company", seed=3, customers=40, months=6, livemode=True)
    for seconds in (300, MONTH, 2 * MONTH):
        account.advance(seconds)
        of_test_mode = {
            name
            for name, table in account.store.rows.items()
            for row in table.values()
            if has_test_mode(row.content)
        }
        assert of_test_mode == set()
    assert len(account.store.rows["event"]) > 300
