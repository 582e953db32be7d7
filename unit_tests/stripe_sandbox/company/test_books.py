"""The numbers of one object agree with those of the objects around it."""

from collections import Counter


def by_id(company, name):
    return {content["id"]: content for content in company.store.contents(name)}


def test_an_invoice_is_the_sum_of_its_lines_less_discounts_plus_exclusive_tax(grown):
    for invoice in grown.store.contents("invoice"):
        lines = grown.store.of_parent("line_item", invoice["id"])
        gross = sum(line["amount"] for line in lines)
        off = sum(d["amount"] for line in lines for d in line["discount_amounts"])
        taxes = [tax for line in lines for tax in line["taxes"]]
        added = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
        assert invoice["subtotal"] == gross, invoice["id"]
        assert invoice["total"] == gross - off + added, invoice["id"]
        assert sum(d["amount"] for d in invoice["total_discount_amounts"]) == off
        assert sum(t["amount"] for t in invoice["total_taxes"]) == sum(t["amount"] for t in taxes)


def test_what_was_paid_on_invoices_is_what_their_charges_took(grown):
    intents, charges = by_id(grown, "payment_intent"), by_id(grown, "charge")
    paid = 0
    for invoice in grown.store.contents("invoice"):
        payments = grown.store.of_parent("invoice_payment", invoice["id"])
        if invoice["status"] == "paid" and invoice["amount_due"] > 0:
            (payment,) = payments
            intent = intents[payment["payment"]["payment_intent"]]
            charge = charges[intent["latest_charge"]]
            assert payment["status"] == "paid"
            assert charge["amount"] == intent["amount_received"] == invoice["amount_paid"]
            assert charge["status"] == "succeeded"
            paid += 1
        else:
            assert not any(payment["status"] == "paid" for payment in payments)
    assert paid > 500


def test_every_charge_names_a_card_of_its_customer(grown):
    methods = by_id(grown, "payment_method")
    for charge in grown.store.contents("charge"):
        assert methods[charge["payment_method"]]["customer"] in (charge["customer"], None)


def test_no_discount_takes_more_than_a_line_is_worth(grown):
    for line in grown.store.contents("line_item"):
        assert sum(d["amount"] for d in line["discount_amounts"]) <= max(line["amount"], 0)


def test_payouts_are_the_sum_of_their_transactions_and_none_is_paid_out_twice(grown):
    transactions = by_id(grown, "balance_transaction")
    paid_out = Counter()
    payouts = list(grown.store.contents("payout"))
    assert len(payouts) > 100
    for payout in payouts:
        own = grown.payout_transactions[payout["id"]]
        paid_out.update(own)
        assert sum(transactions[t]["net"] for t in own) == payout["amount"]
        assert {transactions[t]["currency"] for t in own} == {payout["currency"]}
        assert transactions[payout["balance_transaction"]]["amount"] == -payout["amount"]
    assert max(paid_out.values()) == 1


def test_transactions_are_available_once_their_day_has_come(grown):
    for transaction in grown.store.contents("balance_transaction"):
        is_due = transaction["available_on"] <= grown.store.now
        assert transaction["status"] == ("available" if is_due else "pending")
        assert transaction["net"] == transaction["amount"] - transaction["fee"]
        assert transaction["fee"] == sum(fee["amount"] for fee in transaction["fee_details"])


def test_the_balance_is_what_has_not_been_paid_out(grown):
    (balance,) = grown.store.contents("balance")
    held = Counter()
    for transaction in grown.store.contents("balance_transaction"):
        held[transaction["currency"]] += transaction["net"]
    for currency, amount in held.items():
        shown = sum(
            entry["amount"]
            for entry in balance["available"] + balance["pending"]
            if entry["currency"] == currency
        )
        assert shown == amount


def test_a_customers_balance_is_where_its_last_transaction_left_it(grown):
    seen = 0
    for customer in grown.store.contents("customer"):
        entries = grown.store.of_parent("customer_balance_transaction", customer["id"])
        running = 0
        for entry in entries:
            running += entry["amount"]
            assert entry["ending_balance"] == running
        assert customer["balance"] == running
        seen += bool(entries)
    assert seen > 5


def test_refunds_add_up_to_what_their_charge_says(grown):
    refunded = Counter()
    for refund in grown.store.contents("refund"):
        refunded[refund["charge"]] += refund["amount"]
    for charge in grown.store.contents("charge"):
        assert charge["amount_refunded"] == refunded[charge["id"]]
        assert charge["refunded"] == (0 < charge["amount"] == charge["amount_refunded"])


def test_credit_notes_are_the_sum_of_their_lines(grown):
    notes = list(grown.store.contents("credit_note"))
    assert notes
    for note in notes:
        lines = grown.store.of_parent("credit_note_line_item", note["id"])
        assert sum(line["amount"] for line in lines) == note["amount"]


def test_every_reference_leads_to_an_object(grown):
    known = {
        identity
        for table in (*grown.store.rows.values(), *grown.store.deleted.values())
        for identity in table
    }
    names = ("charge", "invoice", "invoiceitem", "line_item", "payment_intent", "subscription",
             "refund", "dispute", "payment_method", "price", "discount", "credit_note")  # fmt: skip
    fields = ("customer", "invoice", "subscription", "payment_intent", "charge", "latest_charge",
              "latest_invoice", "balance_transaction", "payment_method", "product",
              "schedule", "subscription_item")  # fmt: skip
    for name in names:
        for content in grown.store.contents(name):
            for field in fields:
                value = content.get(field)
                assert value is None or value in known, (name, content["id"], field)


def test_some_embedded_lists_are_longer_than_stripe_embeds(grown):
    children = grown.store.children
    longest = {
        name: max(len(ids) for (kind, _), ids in children.items() if kind == name)
        for name in ("subscription_item", "line_item")
    }
    assert longest["subscription_item"] > 10
    assert longest["line_item"] > 10


def test_an_invoice_moves_the_balance_by_what_it_uses_or_gives(grown):
    moved = Counter()
    for entry in grown.store.contents("customer_balance_transaction"):
        moved[entry["invoice"]] += entry["amount"]
    given = 0
    for invoice in grown.store.contents("invoice"):
        if invoice["status_transitions"]["finalized_at"] is None:
            continue
        change = invoice["ending_balance"] - invoice["starting_balance"]
        assert change == moved[invoice["id"]], invoice["id"]
        noted = invoice["pre_payment_credit_notes_amount"]
        if invoice["total"] < 0:
            given += 1
            assert (change, invoice["amount_due"]) == (invoice["total"], 0)
        else:
            assert invoice["amount_due"] == invoice["total"] - change - noted
    assert given > 3
