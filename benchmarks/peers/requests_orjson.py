"""A server's address and collections -> every object as a RECORD line: the least a reader can do.

    python requests_orjson.py URL customers invoices ...

One connection, one page after the other, decoded by orjson and encoded by orjson. Nothing is kept
about progress, limits or errors.
"""

import sys
import time

import orjson
import requests


def main() -> None:
    """Reads all of it."""
    url, collections = sys.argv[1], sys.argv[2:]
    session = requests.Session()
    session.headers["Authorization"] = "Bearer rk_live_benchmark"
    out = sys.stdout.buffer
    for collection in collections:
        parameters = {"limit": "100", "status": "all"}
        while True:
            reply = session.get(f"{url}/v1/{collection}", params=parameters)
            reply.raise_for_status()
            page = orjson.loads(reply.content)
            now_ms = int(time.time() * 1000)
            for row in page["data"]:
                record = {"stream": collection, "data": row, "emitted_at": now_ms}
                out.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")
            if not page["has_more"]:
                break
            parameters["starting_after"] = page["data"][-1]["id"]
    out.flush()


if __name__ == "__main__":
    main()
