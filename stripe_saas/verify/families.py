"""Streams -> families whose records come from one list, so that none is read twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.api.raw_object import ListedObject, StripeObject
from source_stripe_saas.api.refusal import StripeError
from source_stripe_saas.streams.full_list import FullList
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.records import AnyRecord, RawRecord, RecordMaker
from source_stripe_saas.streams.skipped import SkippedObject
from source_stripe_saas.streams.spans import Span
from source_stripe_saas.streams.stream_reader import StreamReader
from stripe_saas.verify.holdings import Key, Row, key_of


@dataclass(frozen=True)
class Family:
    """Streams of the same list; children come after their parent."""

    plans: tuple[StreamPlan, ...]

    @property
    def source(self) -> StreamPlan:
        """The stream whose list is read, whether or not it is compared itself."""
        return self.plans[0].parent or self.plans[0]

    @property
    def label(self) -> str:
        """Its first stream."""
        return self.plans[0].name

    @property
    def has_months(self) -> bool:
        """True if the list can be cut by `created`."""
        return self.source.created_filter and not self.source.single

    def alone(self) -> tuple[Family, ...]:
        """Each stream by itself."""
        return tuple(Family((plan,)) for plan in self.plans)


def families(plans: Iterable[StreamPlan]) -> list[Family]:
    """Sorts streams by the list that they are read from."""
    sorted_by: dict[object, list[StreamPlan]] = {}
    for plan in plans:
        source = plan.parent or plan
        shares = plan.call is None and source.variants == ((),) and source.created_filter
        sorted_by.setdefault(source.path if shares else plan.name, []).append(plan)
    return [
        Family(tuple(sorted(some, key=lambda plan: plan.parent is not None)))
        for some in sorted_by.values()
    ]


@dataclass
class Listed:
    """What a list holds at present, for each stream of a family."""

    records: dict[str, dict[Key, Row]]
    moments: dict[str, dict[Key, int | None]]
    """Stream -> key -> `created` of the record or, for children, of the parent, Unix seconds."""
    parents: set[str] = field(default_factory=set)
    """Ids of the objects listed, where these are the parents."""


def read_list(
    family: Family,
    client: StripeClient,
    span: Span | None,
    plans: Mapping[str, StreamPlan],
) -> Listed:
    """Everything in a family's list, or in a span of it.

    Args:
        family: whose list.
        client: asks Stripe.
        span: seconds of `created`; None for lists that cannot be cut.
        plans: all streams', for a list that falls back on another one.

    Raises:
        StripeError: it could not be read to its end.
    """
    listed = Listed(
        {plan.name: {} for plan in family.plans}, {plan.name: {} for plan in family.plans}
    )
    if not family.has_months:
        [plan] = family.plans
        work = StreamReader(plan, client, began=0, plans=dict(plans))
        for variant in plan.variants:
            # Among them lists that may have to be asked for customer by customer.
            for batch in FullList(work, variant, 0).read():
                for skipped in batch.checkpoint.skipped:
                    _is_nobodys(plan, skipped)
                _add(listed, plan, batch.records, None)
        return listed
    assert span is not None
    source = family.source
    makers = _makers(family, client)
    own = family.plans[0]
    foreign = [path for plan in family.plans[1:] for path in plan.expand]
    for variant in source.variants:
        reader = ListReader(client, own.listing(variant, foreign), lo=span[0], hi=span[1])
        for page in reader.pages():
            for row in page.objects:
                listed.parents.add(row["id"])
                for plan, maker in makers:
                    _add(listed, plan, records_of(maker, row), row.get(source.created_field))
    return listed


def _makers(family: Family, client: StripeClient) -> list[tuple[StreamPlan, RecordMaker]]:
    made = []
    for plan in family.plans:
        work = StreamReader(plan, client, began=0).sharing(family.plans)
        made.append((plan, work.maker))
    return made


def _add(
    listed: Listed, plan: StreamPlan, records: Iterable[AnyRecord], moment: int | None
) -> None:
    for record in map(decoded, records):
        key = key_of(plan, record)
        listed.records[plan.name][key] = record
        own = moment if plan.parent is not None else record.get(plan.created_field)
        listed.moments[plan.name][key] = own


def records_of(maker: RecordMaker, row: ListedObject) -> Iterator[AnyRecord]:
    """The records of an object; objects that no stream could have are passed over.

    Raises:
        StripeError: something of it cannot be had, so that nothing can be compared.
    """
    for made in maker.records(row, 0):
        if isinstance(made, SkippedObject):
            _is_nobodys(maker.plan, made)
        else:
            yield made


def _is_nobodys(plan: StreamPlan, skipped: SkippedObject) -> None:
    """Passes over objects that no stream could have.

    Raises:
        StripeError: it could, but Stripe does not show it.
    """
    if skipped.is_refused:
        raise StripeError(plan.path, f"{skipped.id}: {skipped.reason}")


def decoded(record: AnyRecord) -> StripeObject:
    """A record as a dict."""
    return record.decoded() if isinstance(record, RawRecord) else record


def list_pages(count: int) -> int:
    """Requests that a list of so many objects takes."""
    return max(1, -(-count // 100))


def streams_compared(plans: Iterable[StreamPlan]) -> Iterator[StreamPlan]:
    """Streams that Stripe has a list of, of their own or their parents' objects.

    Not what it sums up when it is asked about somebody: that has other values a moment later.
    """
    return (plan for plan in plans if plan.is_listed and plan.asks_for is None)
