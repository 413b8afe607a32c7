"""Send the calls of a request log again, one after the other, and nothing else: the floor of what an apply sends.

It takes the log's entries as JSON lines, and prints the seconds of the calls without those of starting up.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import httpx


def main() -> None:
    """Replay one file of entries."""
    entries = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    headers = {"Authorization": f"Bearer {os.environ['FRESHBOOKS_ACCESS_TOKEN']}"}
    with httpx.Client(base_url=os.environ["FRESHBOOKS_API_URL"], headers=headers) as client:
        wall, cpu = time.perf_counter(), time.process_time()
        for entry in entries:
            query = [(name, value) for name, value in entry["query"]]
            answer = client.request(entry["method"], entry["path"], params=query, json=entry["body"])
            answer.raise_for_status()
        told = {"calls": len(entries), "wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
