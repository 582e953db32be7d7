"""What the manifest says of a stream, in the place where the CDK wants a retriever."""

# No postponed annotations here: the CDK looks them up at run time, and Python 3.10 does not take
# an InitVar for a type then.
from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass
from typing import Any

from airbyte_cdk.sources.declarative.retrievers.retriever import Retriever
from airbyte_cdk.sources.streams.core import StreamData
from airbyte_cdk.sources.types import StreamSlice


@dataclass
class StripeRetriever(Retriever):
    """Carries a stream's fields; reading is done by the units of `streams/`.

    The CDK asks a retriever for one record after the other and lets nothing but a slice through to
    it. `source.py` therefore takes the fields from the manifest (see `streams/plan.py`) and hangs
    the units of work into the concurrent core in this class's stead.
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        pass

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[StreamData]:
        """Never called: the source builds its streams with partitions of its own.

        Raises:
            TypeError: whoever runs the manifest without `SourceStripeSaas`.
        """
        raise TypeError("this manifest is run by source_stripe_saas.SourceStripeSaas")
