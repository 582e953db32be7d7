"""Connected accounts, their bank accounts and cards, transfers and application fees."""

from __future__ import annotations

from stripe_sandbox.samples.maker import Maker
from stripe_sandbox.store import Store, StripeObject

APPLICATION = "ca_SandboxPlatform0000000000000001"
OVERFLOWING = 12
"""Children of one parent, so that the list embedded in it does not hold them all."""


def own_account(store: Store, seed: int) -> str:
    """Id of the account itself, which is made if the store holds none."""
    for identity in store.rows.get("account", {}):
        return identity
    maker = Maker(store, seed, "own account", store.now - 730 * 86_400)
    fields = {
        "id": "acct_1QsamplesB7WZ0",
        "business_profile.name": "Samples Inc",
        "charges_enabled": True,
        "details_submitted": True,
        "email": "owner@example.com",
        "payouts_enabled": True,
    }
    account = maker.make("account", maker.start, fields)
    account.pop("created")
    return str(account["id"])


def connect(maker: Maker, own: str) -> None:
    """Fills everything of Connect."""
    accounts = _accounts(maker)
    _transfers(maker, accounts)
    _application_fees(maker, accounts)


def _accounts(maker: Maker) -> list[StripeObject]:
    accounts = []
    for number, moment in enumerate(maker.moments(12)):
        controlled = number % 4 != 3
        fields = {
            "id": f"acct_1Q{maker.identity('x')[3:17]}",
            "business_profile.name": f"Partner {number}",
            "controller": {"type": "account"},
            "email": f"partner{number}@example.com",
            "charges_enabled": True,
            "metadata": {"number": str(number)},
        }
        if controlled:
            fields["controller"] = {
                "type": "application",
                "is_controller": True,
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "requirement_collection": "application",
                "stripe_dashboard": {"type": "none"},
            }
            fields["type"] = "none"
        account = maker.make("account", moment, fields)
        accounts.append(account)
        for index in range(OVERFLOWING if number == 0 else 2):
            name = "card" if index % 3 == 1 else "bank_account"
            _external_account(maker, account, name, moment + index, index == 0)
    return accounts


def _external_account(
    maker: Maker, account: StripeObject, name: str, moment: int, is_default: bool
) -> None:
    fields = {
        "account": account["id"],
        "available_payout_methods": ["standard"],
        "currency": "usd",
        "customer": None,
        "default_for_currency": is_default,
        "metadata": {},
    }
    content = maker.make(name, moment, fields, parent=account["id"])
    # An external account has no customer at all, rather than none.
    content.pop("customer", None)


def _transfers(maker: Maker, accounts: list[StripeObject]) -> None:
    for number, moment in enumerate(maker.moments(14)):
        amount = 2_000 + 100 * number
        fields = {
            "amount": amount,
            "currency": "usd",
            "balance_transaction": None,
            "destination": accounts[number % len(accounts)]["id"],
            "destination_payment": maker.identity("py"),
            "transfer_group": f"group_{number % 3}",
        }
        transfer = maker.make("transfer", moment, fields)
        maker.emit("transfer.created", transfer, moment)
        for index in range(OVERFLOWING if number == 1 else number % 3):
            reverse(maker, transfer, 10, moment + 30 + index)
            transfer = maker.store.rows["transfer"][transfer["id"]].content


def reverse(maker: Maker, transfer: StripeObject, amount: int, moment: int) -> None:
    """Takes back a part of a transfer."""
    fields = {"amount": amount, "currency": transfer["currency"], "transfer": transfer["id"]}
    maker.make("transfer_reversal", moment, fields, parent=transfer["id"])
    reversed_so_far = transfer["amount_reversed"] + amount
    changes = {
        "amount_reversed": reversed_so_far,
        "reversed": reversed_so_far >= transfer["amount"],
    }
    maker.change(transfer, changes, moment, "transfer.reversed")


def _application_fees(maker: Maker, accounts: list[StripeObject]) -> None:
    for number, moment in enumerate(maker.moments(14)):
        # The charge lies in the connected account: nothing here can expand it.
        charge = maker.identity("ch")
        fields = {
            "account": accounts[number % len(accounts)]["id"],
            "amount": 300,
            "application": APPLICATION,
            "charge": charge,
            "currency": "usd",
            "fee_source": {"type": "charge", "charge": charge},
        }
        fee = maker.make("application_fee", moment, fields)
        maker.emit("application_fee.created", fee, moment)
        for index in range(OVERFLOWING if number == 1 else number % 3):
            refund_fee(maker, fee, 5, moment + 30 + index)
            fee = maker.store.rows["application_fee"][fee["id"]].content


def refund_fee(maker: Maker, fee: StripeObject, amount: int, moment: int) -> None:
    """Gives back a part of an application fee."""
    fields = {"amount": amount, "currency": fee["currency"], "fee": fee["id"]}
    maker.make("fee_refund", moment, fields, parent=fee["id"])
    refunded = fee["amount_refunded"] + amount
    changes = {"amount_refunded": refunded, "refunded": refunded >= fee["amount"]}
    maker.change(fee, changes, moment, "application_fee.refunded")


def persons(maker: Maker) -> None:
    """Fills the people behind connected accounts; one account has more than a page of ten."""
    others = [each for each in maker.all("account") if each["id"] != own_account(maker.store, 0)]
    for number, account in enumerate(others[:6]):
        for index in range(OVERFLOWING if number == 0 else 1 + number % 3):
            fields = {
                "account": account["id"],
                "first_name": f"Person {index}",
                "last_name": "Sample",
                "relationship": {"owner": index == 0, "representative": index == 1},
            }
            maker.make("person", maker.store.now - 20 * 86_400 + index, fields)
