"""Loaded once by the server that forks the processes of companies; see `company_process.py`.

Not DuckDB: it starts threads, which no fork has.
"""

import gc
import sys

from source_stripe_saas.streams.plans import load_plans
from stripe_saas.protocol_files.forked import make_ready
from stripe_saas_service.workflows import company_work

assert company_work is not None
make_ready()
load_plans()
# DuckDB asks for it at the first parameter, and the CDK brings it: a CPU second a process, in which
# nothing here uses it.
sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]
# A fork would copy what its collections touch.
gc.freeze()
