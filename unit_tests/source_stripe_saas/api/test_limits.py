"""Requests go out no faster than Stripe allows, whoever asks and however often."""

import threading

import pytest

from source_stripe_saas.api.bucket import Bucket
from source_stripe_saas.api.limits import RateLimits, _Waiter, limits_for
from unit_tests.builders import some_access


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds + 1e-6  # it always takes a little longer than asked


def sending_times(limits, clock, endpoints):
    times = []
    for endpoint in endpoints:
        limits.wait(endpoint)
        times.append(clock.now)
    return times


def most_in_a_second(times):
    return max(sum(1 for later in times if first <= later < first + 1.0) for first in times)


@pytest.fixture
def clock():
    return Clock()


def limited(clock, account=100.0, endpoint=25.0):
    return RateLimits(account, endpoint, clock=clock, sleep=clock.sleep)


def test_one_endpoint_gets_no_more_than_its_share_a_second(clock):
    times = sending_times(limited(clock), clock, ["charges"] * 100)
    assert most_in_a_second(times) <= 25 + 1
    assert times[-1] - times[0] == pytest.approx(99 / 25, abs=0.1)


def test_all_endpoints_together_get_no_more_than_the_accounts_limit(clock):
    endpoints = [f"list{number % 8}" for number in range(400)]
    times = sending_times(limited(clock), clock, endpoints)
    assert most_in_a_second(times) <= 100 + 5
    assert times[-1] - times[0] == pytest.approx(400 / 100, abs=0.15)


def test_files_are_slower(clock):
    times = sending_times(limited(clock), clock, ["files"] * 60)
    assert most_in_a_second(times) <= 20 + 1


def test_a_pause_saves_up_no_more_than_a_short_burst(clock):
    limits = limited(clock, 100.0)
    sending_times(limits, clock, ["charges"] * 30)
    clock.now += 3600
    times = sending_times(limits, clock, ["charges"] * 60)
    assert most_in_a_second(times) <= 25 + 2


def test_a_request_that_never_left_takes_nothing_from_the_limits(clock):
    limits, began = limited(clock, 10.0, 5.0), clock.now
    for _ in range(50):
        limits.wait("charges")
        limits.take_back("charges")
    assert clock.now == began
    times = sending_times(limits, clock, ["charges"] * 20)
    assert most_in_a_second(times) <= 5 + 1, "and what is taken back is not saved up"


@pytest.mark.parametrize("threads", [2, 8])
def test_the_limit_holds_over_all_threads_and_nobody_waits_for_ever(clock, threads):
    limits = limited(clock)
    times, lock = [], threading.Lock()

    def work(number):
        for turn in range(20):
            limits.wait(f"list{(number + turn) % 3}")
            with lock:
                times.append(clock.now)

    workers = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=20)
    assert not any(worker.is_alive() for worker in workers)
    assert len(times) == 20 * threads


def order_of_grants(limits, clock, asked):
    """All ask at once, one token comes at a time; the endpoints in the order served."""
    limits.wait("other")  # the token that was there
    waiters = [_Waiter(endpoint, threading.Condition(limits._lock)) for endpoint in asked]
    order = []
    with limits._lock:
        for waiter in waiters:
            limits._of(waiter.endpoint).waiting.append(waiter)
        while waiters:
            clock.sleep(0.1)
            limits._grant()
            served = [waiter for waiter in waiters if waiter.granted]
            assert len(served) == 1, "a tenth of a second brings one token"
            waiters.remove(served[0])
            order.append(served[0].endpoint)
    return order


def test_the_longest_list_gets_the_accounts_tokens_first(clock):
    limits = limited(clock, 10.0, 25.0)
    for endpoint, pages in (("short", 1), ("long", 50)):
        limits.expect(endpoint, pages)
        limits.answered(endpoint)
    asked = ["short", "long"] * 3
    assert order_of_grants(limits, clock, asked) == ["long"] * 3 + ["short"] * 3


def test_an_endpoint_that_has_not_answered_yet_goes_first_for_it_may_be_the_longest(clock):
    limits = limited(clock, 10.0, 25.0)
    limits.expect("long", 50)
    limits.answered("long")
    granted = order_of_grants(limits, clock, ["long", "failing", "long"])
    assert granted == ["failing", "long", "long"]


def test_a_refusal_makes_a_bucket_smaller_and_time_mends_it():
    bucket = Bucket(100)
    bucket.refill(0.0)
    bucket.shrink(0.0)
    assert bucket.rate == 85
    bucket.shrink(0.5)
    assert bucket.rate == 85, "several within a second count once"
    bucket.shrink(1.5)
    assert bucket.rate == pytest.approx(63.75), "the second after another counts more"
    bucket.refill(1.5)
    bucket.refill(11.5)
    assert bucket.rate == pytest.approx(63.75 + 10 * 2)
    bucket.refill(1000.0)
    assert bucket.rate == 100


def rate_after(share_refused, seconds=60):
    """What is left of 100 a second when so many are refused however fast it goes."""
    bucket, due, now = Bucket(100), 0.0, 0.0
    while now < seconds:
        now += max(bucket.wait_seconds(), 1e-3)
        bucket.refill(now)
        if bucket.wait_seconds() > 0:
            continue
        bucket.take()
        due += share_refused
        if due >= 1:
            due -= 1
            bucket.shrink(now)
    return bucket.rate


def test_a_few_refusals_among_many_requests_are_strays():
    assert rate_after(0.04) == 100


def test_refusals_that_no_slowness_ends_do_not_slow_down_for_ever():
    assert rate_after(0.1) > 90


@pytest.mark.parametrize("allowed", [40, 60, 90])
def test_a_lower_limit_than_expected_is_found_and_kept_to(allowed):
    bucket, now, sent, refused = Bucket(100), 0.0, 0, 0
    tokens, refilled, answers = 3.0, 0.0, []
    while now < 120:
        now += max(bucket.wait_seconds(), 1e-3)
        while answers and answers[0] <= now:
            bucket.shrink(answers.pop(0))
        bucket.refill(now)
        if bucket.wait_seconds() > 0:
            continue
        bucket.take()
        sent += 1
        tokens, refilled = min(3.0, tokens + (now - refilled) * allowed), now
        if tokens >= 1:
            tokens -= 1
        else:
            refused += 1
            answers.append(now + 0.3)
    assert refused / sent < 0.05
    assert (sent - refused) / 120 > 0.9 * allowed


def test_where_most_is_refused_hardly_anything_is_sent():
    assert rate_after(0.6) == 5


def test_a_bucket_never_runs_dry_for_good():
    bucket = Bucket(100)
    for second in range(100):
        bucket.shrink(float(second))
    assert bucket.rate == 5


@pytest.mark.parametrize(
    ("reason", "account", "endpoint"),
    [
        ("global-rate", 85, 25),
        ("endpoint-rate", 100, 21.25),
        ("endpoint-concurrency", 100, 21.25),
        (None, 100, 25),
    ],
)
def test_the_reason_tells_which_bucket_was_too_big(clock, reason, account, endpoint):
    limits = limited(clock)
    limits.refused("charges", reason)
    assert limits._account.rate == pytest.approx(account)
    assert limits._of("charges").bucket.rate == pytest.approx(endpoint)
    assert limits._of("refunds").bucket.rate == 25


@pytest.mark.parametrize(
    ("access", "account", "endpoint"),
    [
        ({"key": "sk_live_1"}, 100, 25),
        ({"key": "rk_live_1"}, 100, 25),
        ({"key": "sk_test_1"}, 25, 25),
        ({"key": "rk_test_1"}, 25, 25),
        ({"key": "sk_org_1"}, 25, 25),
        ({"key": "rk_live_1", "requests_per_second": 10}, 10, 25),
        ({"key": "rk_test_1", "requests_per_second": 100}, 25, 25),
    ],
)
def test_limits_follow_the_keys_mode_and_a_cap_only_lowers_them(access, account, endpoint):
    limits = limits_for(some_access(**access))
    assert (limits.account_per_second, limits.endpoint_per_second) == (account, endpoint)


def test_a_server_that_is_not_stripes_may_allow_more():
    access = some_access(url="http://127.0.0.1:1", requests_per_second=1000)
    assert limits_for(access).account_per_second == 1000
