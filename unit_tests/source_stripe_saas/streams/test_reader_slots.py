"""Who may begin to read: as many as an endpoint lets through and the processor has time for."""

from source_stripe_saas.streams.cpu_load import CpuLoad
from source_stripe_saas.streams.reader_slots import ReaderSlots


class Machine:
    """A clock, and what a process has used of its processor."""

    def __init__(self):
        self.now = self.used = 100.0

    def works(self, seconds, share):
        self.now += seconds
        self.used += seconds * share

    def processor(self):
        return CpuLoad(lambda: self.now, lambda: self.used)


def test_a_process_that_mostly_waits_for_replies_is_not_busy():
    machine = Machine()
    processor = machine.processor()
    machine.works(0.02, 0.3)
    assert not processor.is_busy()
    machine.works(1.0, 0.5)
    assert not processor.is_busy()


def test_a_process_that_never_waits_is_busy_from_its_first_page_on():
    machine = Machine()
    processor = machine.processor()
    machine.works(0.02, 0.95)
    assert processor.is_busy()
    machine.works(1.0, 0.95)
    assert processor.is_busy()


def test_what_was_measured_holds_for_a_quarter_of_a_second():
    machine = Machine()
    processor = machine.processor()
    machine.works(1.0, 1.0)
    assert processor.is_busy()
    machine.works(0.1, 0.0)
    assert processor.is_busy(), "a short pause tells nothing yet"
    machine.works(0.2, 0.0)
    assert not processor.is_busy(), "only a third of the last 0.3 s was used"


def test_a_busy_process_takes_no_further_reader():
    machine = Machine()
    slots = ReaderSlots(per_second=25, latency_seconds=lambda: 0.3, processor=machine.processor())
    for _ in range(3):
        slots.acquire("refunds")
    machine.works(1.0, 0.2)
    assert slots.has_room("charges")
    machine.works(1.0, 1.0)
    assert not slots.has_room("charges")
    slots.release("refunds")
    assert slots.has_room("charges"), "two readers are few, and some wait for replies"


def test_an_endpoint_takes_as_many_readers_as_its_limit_keeps_busy():
    slots = ReaderSlots(per_second=25, latency_seconds=lambda: 0.2)
    begun = 0
    while slots.has_room("charges"):
        slots.acquire("charges")
        begun += 1
    assert begun == 7, "25 a second for 0.2 s are 5, and 2 to spare"
    assert slots.has_room("refunds")


def test_all_endpoints_together_have_no_more_readers_than_there_are_threads():
    slots = ReaderSlots(per_second=25, latency_seconds=lambda: 0.2, most_readers=3)
    for endpoint in ("charges", "refunds", "payouts"):
        slots.acquire(endpoint)
    assert not slots.has_room("charges")
    slots.release("payouts")
    assert slots.has_room("charges")


def test_nobody_joins_while_pages_wait_to_be_written():
    is_backed_up = True
    slots = ReaderSlots(is_backed_up=lambda: is_backed_up)
    assert not slots.has_room("charges")
    is_backed_up = False
    assert slots.has_room("charges")
