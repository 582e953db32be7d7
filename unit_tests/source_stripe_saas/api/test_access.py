"""What a key and an address say about the account behind them."""

import pytest

from source_stripe_saas.api.access import Access


@pytest.mark.parametrize(
    ("key", "is_live"),
    [
        ("sk_live_1", True),
        ("rk_live_1", True),
        ("sk_test_1", False),
        ("rk_test_with_live_inside", False),
        ("sk_org_live_1", False),
    ],
)
def test_the_mode_is_told_by_the_keys_prefix(key, is_live):
    assert Access(key).is_live is is_live


def test_an_organization_key_is_known_by_its_prefix():
    assert Access("sk_org_1").is_organization_key
    assert not Access("sk_test_1").is_organization_key


def test_stripes_own_limits_hold_at_stripes_address_only():
    assert Access("sk_test_1").is_stripe
    assert not Access("sk_test_1", "http://127.0.0.1:8421").is_stripe


def test_the_key_is_not_shown():
    assert "sk_test_1" not in repr(Access("sk_test_1"))
