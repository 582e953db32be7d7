"""A sync after more than the 30 days that events are kept goes on from what it knew (M49)."""

from fractions import Fraction
from math import floor

from integration_tests.ledger_stream.connection import Connection
from integration_tests.world import a_world


def test_after_45_days_every_subscription_stands_where_the_company_has_it(tmp_path):
    with a_world(tmp_path, seed=6, customers=60, months=10, traceable=True) as world:
        connection = Connection(world)
        connection.sync()
        places = {(row["subscription_id"], row["sequence"]) for row in connection.rows}
        world.advance(45)
        run = connection.sync()
        assert " 0 adjusted." in run.logs[-1]["message"]
        new = connection.rows[len(places) :]
        assert len(new) > 50
        assert not places & {(row["subscription_id"], row["sequence"]) for row in new}
        heads = {key: rows[-1]["mrr_after"] for key, rows in connection.by_subscription().items()}
        upper = connection.state["through"]
        true = {}
        for entry in world.account.company.ledger():
            if entry.at <= upper:
                true[entry.subscription_id] = entry.mrr_after
        assert heads == {key: floor(value + Fraction(1, 2)) for key, value in true.items()}
