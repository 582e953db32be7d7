"""Rate limits, and hooks around a call."""

from stripe_sandbox.server.calls import json_reply
from stripe_sandbox.server.limits import Bucket, rate_limit
from unit_tests.stripe_sandbox.asking import Asker, an_account


class HandMovedClock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_bucket_gives_its_rate_at_once_and_then_as_time_passes():
    clock = HandMovedClock()
    bucket = Bucket(4, clock)
    assert [bucket.take() for _ in range(5)] == [True, True, True, True, False]
    clock.now += 0.5
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    clock.now += 60
    assert [bucket.take() for _ in range(5)] == [True, True, True, True, False]


def test_calls_above_the_account_s_rate_are_told_which_limit_they_met():
    clock = HandMovedClock()
    ask = Asker(an_account(), hooks=(rate_limit(2, None, clock),))
    assert ask("/v1/customers").status == 200
    assert ask("/v1/invoices").status == 200
    refused = ask("/v1/charges")
    assert refused.status == 429
    assert refused.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert "Retry-After" not in refused.headers
    clock.now += 0.5
    assert ask("/v1/charges").status == 200


def test_an_endpoint_has_a_rate_of_its_own_whatever_the_ids():
    ask = Asker(an_account(), hooks=(rate_limit(None, 2, HandMovedClock()),))
    statuses = [ask(f"/v1/customers/cus_{i}").status for i in range(3)]
    assert statuses == [404, 404, 429]
    assert ask("/v1/customers").status == 200
    refused = ask("/v1/customers/cus_4")
    assert refused.headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"


def test_a_hook_can_answer_in_place_of_the_api():
    async def broken(call, proceed):
        if call.number == 2:
            return json_reply({"error": {"type": "api_error"}}, 500)
        return await proceed(call)

    ask = Asker(an_account(), hooks=(broken,))
    assert [ask("/v1/customers").status for _ in range(3)] == [200, 500, 200]
    assert ask.api.statistics.as_json()["statuses"] == {"200": 2, "500": 1}
