"""Holdings, plans and a client -> the jobs of a verification, their cost, and what they find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from source_stripe_saas.api.address import endpoint_of
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import PermissionRefused, StripeError
from source_stripe_saas.streams.plan import StreamPlan
from source_stripe_saas.streams.read_mode import DAY_SECONDS
from stripe_saas.verify.by_id import by_id
from stripe_saas.verify.cost import Cost
from stripe_saas.verify.families import Family, Listed, list_pages, read_list
from stripe_saas.verify.findings import NO_MONTH, Compared, Comparison, Finding, Kind
from stripe_saas.verify.holdings import Held, Holdings, Key, Row
from stripe_saas.verify.months import Choice, Month, month_of, months_between
from stripe_saas.verify.since import Since

MOST_ASKED_BY_ID = 200
"""Rows of one stream and month that Stripe does not list and that are asked for one by one."""

_READERS = 8


@dataclass(frozen=True)
class Job:
    """One month of a family's list, or all of a list that has no months."""

    family: Family
    month: Month | None
    pages: int
    """The requests of the list, estimated from the rows held."""
    calls: int
    """Children that are asked for parent by parent."""


@dataclass
class Verification:
    """Compares some streams; `jobs` first, for their cost, then `run`."""

    holdings: Holdings
    client: StripeClient
    families: Sequence[Family]
    plans: Mapping[str, StreamPlan]
    """All streams', compared or not."""
    choice: Choice
    now: int
    """Stripe's clock, Unix seconds."""
    account_created: int
    start: int
    """The config's `start_date`, Unix seconds: older objects need not be held."""
    since: Mapping[str, Since]
    copied: frozenset[str]
    """Names of objects that have streams of their own."""
    written: Callable[[Row], Row]
    """What the config makes of a record before it is written."""
    indexes: dict[str, Mapping[Key, Held]] = field(init=False, default_factory=dict)
    months: dict[str, list[Month]] = field(init=False, default_factory=dict)
    """Family -> the months that are looked at."""
    refused: dict[str, str] = field(init=False, default_factory=dict)
    """Stream -> why it could not be compared."""

    def __post_init__(self) -> None:
        for family in self.families:
            for plan in (*family.plans, family.source):
                if plan.name not in self.indexes:
                    self.indexes[plan.name] = self.holdings.index(plan)

    # -- what is to be done ------------------------------------------------------------------------

    def jobs(self) -> list[Job]:
        """The lists to read, the latest months first."""
        found = []
        for family in self.families:
            found += list(self._jobs_of(family))
        return sorted(found, key=lambda job: job.month.span if job.month else (0, 0), reverse=True)

    def _jobs_of(self, family: Family) -> Iterator[Job]:
        held = self.indexes[family.source.name]
        per_month = Counter(
            month_of(row.moment) for row in held.values() if row.moment and not row.is_deleted
        )
        calls = sum(plan.call is not None for plan in family.plans)
        variants = len(family.source.variants)
        if not family.has_months:
            yield Job(family, None, variants * list_pages(len(held)), 0)
            return
        months = self.choice.of(self._all_months(family, per_month), family.label)
        self.months[family.label] = months
        for month in months:
            count = per_month[month]
            yield Job(family, month, variants * list_pages(count), calls * count)

    def _all_months(self, family: Family, per_month: Mapping[Month, int]) -> list[Month]:
        """From the earliest known object of the account to now."""
        if family.source.keeps_days is not None:
            return months_between(self.now - family.source.keeps_days * DAY_SECONDS, self.now)
        oldest = min((month.span[0] for month in per_month), default=self.now)
        oldest = min(oldest, max(self.account_created, self.start) or oldest)
        return months_between(oldest, self.now)

    def cost(self, jobs: Sequence[Job]) -> Cost:
        """The requests of the jobs, estimated from the rows held."""
        cost = Cost()
        for job in jobs:
            cost.add(job.family.source.endpoint, job.pages)
            for plan in job.family.plans:
                if plan.call is not None:
                    cost.add(endpoint_of(plan.call.partition("?")[0]), job.calls)
                if plan.fallback is not None and (more := self._by_parents(plan.fallback[0])):
                    cost.fallbacks[plan.name] = more
        return cost

    def _by_parents(self, name: str) -> int:
        """Requests that a list takes if it has to be asked for parent by parent; 0: unknown."""
        index = self.indexes.get(name)
        held = (self.holdings.index(self.plans[name]) if index is None else index).values()
        count = sum(not row.is_deleted for row in held)
        return list_pages(count) + count if count else 0

    # -- doing it ----------------------------------------------------------------------------------

    def run(
        self, jobs: Sequence[Job], done: Callable[[int], None] = lambda number: None
    ) -> Compared:
        """Reads and compares.

        Args:
            jobs: from `jobs`.
            done: called with the number of jobs that have ended.
        """
        total = Compared()
        with ThreadPoolExecutor(_READERS) as pool:
            futures = [pool.submit(self._do, job) for job in jobs]
            for number, future in enumerate(as_completed(futures), 1):
                total.add(future.result())
                done(number)
        if self.choice.is_all:
            total.add(self._orphans())
        total.findings.sort()
        return total

    def _do(self, job: Job) -> Compared:
        compared = Compared()
        try:
            listed = read_list(job.family, self.client, self._span(job), self.plans)
        except PermissionRefused as refused:
            # What another stream needs of the objects may be the one thing that is not allowed.
            if len(job.family.plans) == 1:
                self.refused[job.family.label] = str(refused)
                return compared
            for family in job.family.alone():
                compared.add(self._do(Job(family, job.month, job.pages, job.calls)))
            return compared
        except StripeError as error:
            for plan in job.family.plans:
                self.refused[plan.name] = str(error)
            return compared
        for plan in job.family.plans:
            try:
                compared.add(self._compare(plan, job, listed))
            except StripeError as error:
                self.refused[plan.name] = str(error)
        return compared

    def _span(self, job: Job) -> tuple[int, int] | None:
        if job.month is None:
            return None
        first, last = job.month.span
        return max(first, self._forgotten_before(job.family.source)), last

    def _forgotten_before(self, plan: StreamPlan) -> int:
        """Stripe does not keep older objects, Unix seconds."""
        return self.now - plan.keeps_days * DAY_SECONDS if plan.keeps_days is not None else 0

    def _compare(self, plan: StreamPlan, job: Job, listed: Listed) -> Compared:
        comparison = self._comparison(plan)
        records, moments = listed.records[plan.name], listed.moments[plan.name]
        rows = self.holdings.rows(plan, [key for key in records if key in comparison.index])
        compared = Compared(objects=len(records), newer=comparison.newer(records, moments))

        def note(kind: Kind, key: Key, fields: tuple[str, ...] = ()) -> None:
            month = self._month(plan, key, moments.get(key))
            compared.findings.append(Finding(plan.name, month, kind, "/".join(key), fields))

        for key in comparison.unheld(records, moments):
            note("missing", key)
        for key, fields in comparison.stale(records, moments, rows).items():
            note("stale", key, fields)
        unlisted = comparison.unlisted(self._held_in(plan, job, listed), records)
        self._settle(comparison, unlisted, compared, note)
        return compared

    def _comparison(self, plan: StreamPlan) -> Comparison:
        return Comparison(
            plan,
            self.indexes[plan.name],
            self.since[plan.name],
            self.start if (plan.parent or plan).created_filter else 0,
            self.copied,
            lambda name: self.holdings.column(plan, name),
            self.written,
        )

    def _month(self, plan: StreamPlan, key: Key, moment: int | None) -> str:
        if moment is None and key in self.indexes[plan.name]:
            moment = self._moment_of(plan, self.indexes[plan.name][key])
        return str(month_of(moment)) if moment else NO_MONTH

    def _moment_of(self, plan: StreamPlan, held: Held) -> int | None:
        """`created` of a row, or of its parent's row, Unix seconds."""
        if plan.parent is None:
            return held.moment
        parent = self.indexes[plan.parent.name].get((held.parent or "",))
        return parent.moment if parent else None

    def _held_in(self, plan: StreamPlan, job: Job, listed: Listed) -> list[Key]:
        """The keys that are held of what was listed."""
        index = self.indexes[plan.name]
        if job.month is None:
            return list(index)
        first, last = self._span(job) or (0, 0)

        def belongs(held: Held) -> bool:
            if plan.parent is not None and held.parent in listed.parents:
                return True
            moment = self._moment_of(plan, held)
            return moment is not None and first <= moment <= last

        return [key for key, held in index.items() if belongs(held)]

    def _orphans(self) -> Compared:
        """Children whose parent is unknown: they belong to no month."""
        compared = Compared()
        for family in self.families:
            for plan in family.plans:
                if not family.has_months or plan.name in self.refused:
                    continue
                index = self.indexes[plan.name]
                keys = [
                    key
                    for key, held in index.items()
                    if not held.is_deleted and self._moment_of(plan, held) is None
                ]
                if plan.parent is None or not keys:
                    continue
                comparison = self._comparison(plan)

                def note(
                    kind: Kind, key: Key, fields: tuple[str, ...] = (), name: str = plan.name
                ) -> None:
                    compared.findings.append(Finding(name, NO_MONTH, kind, "/".join(key), fields))

                try:
                    self._settle(comparison, keys, compared, note)
                except StripeError as error:
                    self.refused[plan.name] = str(error)
        return compared

    # -- what no list has --------------------------------------------------------------------------

    def _settle(
        self,
        comparison: Comparison,
        unlisted: Sequence[Key],
        compared: Compared,
        note: Callable[..., None],
    ) -> None:
        """Requests rows that are in no list: some objects can be retrieved by id only."""
        plan, index = comparison.plan, comparison.index
        keys = [key for key in unlisted if not self._went_with_parent(plan, index[key])]
        asked, unasked = keys[:MOST_ASKED_BY_ID], keys[MOST_ASKED_BY_ID:]
        compared.unasked += len(unasked)
        rows = self.holdings.rows(plan, asked)
        for key in asked:
            found = by_id(plan, self.client, key, index[key])
            moments = dict.fromkeys(found, index[key].moment)
            if comparison.since.is_newer(key, rows.get(key), None):
                compared.newer += 1
            elif key not in found:
                note("extra", key)
            else:
                one = {key: found[key]}
                compared.objects += 1
                for stale, fields in comparison.stale(one, moments, rows).items():
                    note("stale", stale, fields)
        for key in unasked:
            note("extra", key)

    def _went_with_parent(self, plan: StreamPlan, held: Held) -> bool:
        """True for children of a deleted object: Stripe sends no event of their own deletion."""
        if plan.parent is None:
            return False
        parent = self.indexes[plan.parent.name].get((held.parent or "",))
        return parent is not None and parent.is_deleted
