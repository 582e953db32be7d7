"""Lists are read to their end, page by page, whatever happens to the objects meanwhile."""

import pytest

from source_stripe_saas.api.client import Reply
from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.api.refusal import (
    CursorGone,
    NotFound,
    Refusal,
    UnexpectedContent,
    Unreachable,
)
from unit_tests.builders import NOW, a_thing
from unit_tests.fake_stripe import FakeStripe
from unit_tests.syncs import small_pages

WITHOUT_FILTER = Listing("things", created_field=None)


def ids(reader):
    return [row["id"] for page in reader.pages() for row in page.objects]


def test_every_page_repeats_the_filters_and_starts_after_the_last_object():
    client = FakeStripe({"things": [a_thing(n, NOW - n, kind="a") for n in range(3)]})
    listing = Listing("things", params=(("kind", "a"), ("expand[]", "data.parts")))
    with small_pages(2):
        assert ids(ListReader(client, listing, lo=1, hi=NOW)) == ["th_0", "th_1", "th_2"]
    common = {
        "kind": "a",
        "expand[]": "data.parts",
        "limit": "2",
        "created[gte]": "1",
        "created[lte]": str(NOW),
    }
    assert client.requests_to("things") == [common, {**common, "starting_after": "th_1"}]


def test_a_vanished_cursor_makes_the_walk_start_anew_at_the_oldest_second_seen():
    rows = [a_thing(n, NOW - n // 2) for n in range(6)]
    client = FakeStripe({"things": list(rows)})
    reading = ListReader(client, Listing("things")).pages
    with small_pages(4):
        pages = reading()
        first = [row["id"] for row in next(pages).objects]
        client.lists["things"].remove(rows[3])
        rest = [row["id"] for page in pages for row in page.objects]
    assert first == ["th_0", "th_1", "th_2", "th_3"]
    assert rest == ["th_4", "th_5"], "th_2 came again and was dropped"
    asked = client.requests_to("things")
    assert asked[1]["starting_after"] == "th_3"
    assert asked[2] == {"limit": "4", "created[lte]": str(NOW - 1)}


def test_a_vanished_cursor_within_a_crowded_second_drops_all_of_it_that_was_seen():
    rows = [a_thing(n, NOW) for n in range(7)]
    client = FakeStripe({"things": list(rows)})
    with small_pages(3):
        pages = ListReader(client, Listing("things")).pages()
        seen = [row["id"] for row in next(pages).objects + next(pages).objects]
        client.lists["things"].remove(rows[5])
        seen += [row["id"] for page in pages for row in page.objects]
    assert seen == [f"th_{n}" for n in range(7)]


def test_without_a_created_filter_the_walk_goes_back_object_by_object():
    rows = [a_thing(n, NOW - n) for n in range(5)]
    client = FakeStripe({"things": list(rows)})
    with small_pages(3):
        pages = ListReader(client, WITHOUT_FILTER).pages()
        next(pages)
        del client.lists["things"][1:3]
        rest = [row["id"] for page in pages for row in page.objects]
    assert rest == ["th_3", "th_4"]
    cursors = [asked.get("starting_after") for asked in client.requests_to("things")]
    assert cursors == [None, "th_2", "th_1", "th_0"]


def test_without_a_created_filter_and_no_object_left_the_walk_begins_again():
    rows = [a_thing(n, NOW - n) for n in range(4)]
    client = FakeStripe({"things": list(rows)})
    with small_pages(2):
        pages = ListReader(client, WITHOUT_FILTER).pages()
        next(pages)
        del client.lists["things"][:2]
        assert [row["id"] for page in pages for row in page.objects] == ["th_2", "th_3"]


def test_a_cursor_of_a_former_sync_that_has_gone_means_reading_from_the_start():
    client = FakeStripe({"things": [a_thing(1), a_thing(2)]})
    assert ids(ListReader(client, WITHOUT_FILTER, after="th_gone")) == ["th_1", "th_2"]


def test_narrowing_gives_up_what_is_older_and_repeats_nothing():
    rows = [a_thing(n, NOW - 10 * n) for n in range(6)]
    client = FakeStripe({"things": rows})
    reader = ListReader(client, Listing("things"))
    with small_pages(2):
        pages = reader.pages()
        seen = [row["id"] for row in next(pages).objects]
        assert reader.repeats == 1
        reader.narrow(NOW - 30)
        seen += [row["id"] for page in pages for row in page.objects]
    assert seen == ["th_0", "th_1", "th_2", "th_3"]


@pytest.mark.parametrize(
    "body",
    [{}, {"data": []}, {"data": {}, "has_more": False}, {"data": [], "has_more": None}],
    ids=["empty", "no has_more", "data is no list", "has_more is null"],
)
def test_an_object_that_is_no_list_is_not_taken_for_an_empty_one(body):
    class Odd(FakeStripe):
        def get(self, path, params=(), **options):
            return Reply(body, NOW)

    with pytest.raises(Unreachable, match="not a Stripe list"):
        ids(ListReader(Odd(), Listing("things")))


def test_an_empty_page_that_promises_more_is_an_error_and_no_endless_loop():
    class Odd(FakeStripe):
        def get(self, path, params=(), **options):
            return Reply({"data": [], "has_more": True}, NOW)

    with pytest.raises(Unreachable, match="empty page"):
        ids(ListReader(Odd(), Listing("things")))


def test_a_refusal_of_the_list_itself_is_passed_on():
    refused = Refusal("things", "no", 400)
    with pytest.raises(Refusal) as raised:
        ids(ListReader(FakeStripe(refusals={"things": refused}), Listing("things")))
    assert raised.value is refused


class Replaying:
    """A client whose pages come from a function of the parameters; counts requests."""

    def __init__(self, page):
        self.page, self.requests = page, 0

    def get(self, path, params=(), **_):
        self.requests += 1
        assert self.requests < 1_000, "the walk goes on for ever"
        return self.page(dict(params))


def reply(*rows, has_more=True):
    return Reply({"object": "list", "data": list(rows), "has_more": has_more}, NOW)


A, B, C = (a_thing(number, NOW) for number in (1, 2, 3))


@pytest.mark.parametrize("created_field", ["created", None])
@pytest.mark.parametrize(
    "page",
    [
        lambda params: reply(A, B),
        lambda params: reply(A) if params.get("starting_after") == "th_2" else reply(B),
    ],
    ids=["the same page", "two pages in turn"],
)
def test_a_list_that_goes_in_circles_ends_in_an_error(page, created_field):
    client = Replaying(page)
    with pytest.raises(UnexpectedContent, match=r"again and again|nothing new"):
        ids(ListReader(client, Listing("things", created_field=created_field)))
    assert client.requests < 50


@pytest.mark.parametrize("created_field", ["created", None])
def test_a_list_that_always_forgets_where_it_was_ends_in_an_error(created_field):
    def page(params):
        if "starting_after" in params:
            raise CursorGone("things", 400, "no such thing", None, "starting_after")
        return reply(A, B)

    client = Replaying(page)
    with pytest.raises((UnexpectedContent, CursorGone)):
        ids(ListReader(client, Listing("things", created_field=created_field)))
    assert client.requests < 50


@pytest.mark.parametrize("status", [400, 404])
def test_an_event_that_aged_out_between_two_pages_is_a_cursor_that_is_gone(status):
    """Stripe names it in the message, and no parameter (singer-io/tap-stripe had such reports)."""

    def page(params):
        if params.get("starting_after") == "th_2":
            raise NotFound("things", "No such event: 'th_2'", status, "resource_missing", "id")
        return reply(A, B) if "created[lte]" not in params else reply(B, C, has_more=False)

    reader = ListReader(Replaying(page), Listing("things"))
    assert ids(reader) == ["th_1", "th_2", "th_3"]


def test_another_object_that_is_gone_is_not_the_cursor():
    def page(params):
        if "starting_after" in params:
            raise NotFound("things", "No such customer: 'cus_2'", 404)
        return reply(A, B)

    with pytest.raises(NotFound):
        ids(ListReader(Replaying(page), Listing("things")))


def test_a_cursor_that_is_refused_although_none_was_sent_ends_in_the_refusal():
    def page(params):
        raise CursorGone("things", 400, "no such thing", None, "starting_after")

    client = Replaying(page)
    with pytest.raises(CursorGone):
        ids(ListReader(client, Listing("things")))
    assert client.requests == 1


# -- entries that lack what lists are walked by ----------------------------------------------------

WITHOUT_ID = {"object": "thing", "created": NOW}


@pytest.mark.parametrize("created_field", ["created", None])
def test_an_entry_without_id_at_a_pages_end_comes_once_and_does_not_end_the_list(created_field):
    def page(params):
        if params.get("starting_after") == "th_1":
            return reply(WITHOUT_ID, WITHOUT_ID, B, has_more=False)
        return reply(A, WITHOUT_ID, WITHOUT_ID)

    pages = list(ListReader(Replaying(page), Listing("t", created_field=created_field)).pages())
    assert [row["id"] for page in pages for row in page.objects] == ["th_1", "th_2"]
    assert [len(page.without_id) for page in pages] == [2, 0]


def test_a_page_whose_entries_all_lack_an_id_cannot_be_gone_on_from():
    client = Replaying(lambda params: reply(WITHOUT_ID))
    with pytest.raises(UnexpectedContent, match="has an id to go on from"):
        ids(ListReader(client, Listing("things")))


def untimed(number):
    return {"id": f"th_{number}", "object": "thing"}


def test_objects_without_a_time_are_walked_by_their_ids_and_named():
    rows = [untimed(1), a_thing(2, NOW - 5), untimed(3), a_thing(4, NOW - 9), untimed(5)]
    with small_pages(2):
        pages = list(ListReader(FakeStripe({"things": rows}), Listing("things")).pages())
    assert sorted(row["id"] for page in pages for row in page.objects) == [
        f"th_{number}" for number in range(1, 6)
    ]
    assert sorted(one for page in pages for one in page.untimed) == ["th_1", "th_3", "th_5"]


def test_a_list_without_any_time_goes_on_where_its_cursor_vanished():
    client = FakeStripe({"things": [untimed(number) for number in range(6)]})
    with small_pages(2):
        pages = ListReader(client, Listing("things")).pages()
        seen = [row["id"] for row in next(pages).objects]
        client.lists["things"] = [row for row in client.lists["things"] if row["id"] != seen[-1]]
        seen += [row["id"] for page in pages for row in page.objects]
    assert sorted(seen) == [f"th_{number}" for number in range(6)]
    assert all(page.oldest is None for page in ListReader(client, Listing("things")).pages())
