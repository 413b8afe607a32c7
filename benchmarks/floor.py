"""The floor: what any program must do that compares these bytes with these pages, and nothing else.

    events   the C parser's bare events over the YAML's bytes
    fetch    all pages by HTTP (httpx, 8 workers), each decoded by msgspec into plain JSON and dropped
    many     the same for several accounts, one after the other; each is called as the folder of its YAML
    both     fetch in threads while the events are walked, as the tool does
    bare     all pages one after the other over one plain connection, undecoded: what the sandbox itself takes

It prints one JSON object: seconds of each part, and pages.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

WORKERS = 8
PER_PAGE = 100
ACTIVE, ARCHIVED = 0, 2


def events(raw: bytes) -> int:
    """Walk the C parser's events; give how many there were."""
    from yaml._yaml import CParser  # noqa: PLC0415 - only what is measured is imported

    count = 0
    next_event = CParser(raw).get_event
    while next_event() is not None:
        count += 1
    return count


def page_path(visibility: int, page: int) -> str:
    """Give path and query of one page, as the tool asks for it."""
    query = [
        ("include[]", "contacts"),
        ("include[]", "outstanding_balance"),
        ("search[vis_state]", str(visibility)),
        ("page", str(page)),
        ("per_page", str(PER_PAGE)),
    ]
    return f"/accounting/account/{os.environ['FRESHBOOKS_ACCOUNT_ID']}/users/clients?{urlencode(query)}"


def headers() -> dict[str, str]:
    """Give the headers of every request."""
    return {"Authorization": f"Bearer {os.environ['FRESHBOOKS_ACCESS_TOKEN']}", "Accept": "application/json"}


def fetch() -> int:
    """Fetch and decode all pages with a few workers; give how many."""
    import httpx  # noqa: PLC0415 - only what is measured is imported
    import msgspec  # noqa: PLC0415 - the same

    limits = httpx.Limits(max_connections=WORKERS, max_keepalive_connections=WORKERS)
    with (
        httpx.Client(base_url=os.environ["FRESHBOOKS_API_URL"], headers=headers(), limits=limits) as client,
        ThreadPoolExecutor(WORKERS) as pool,
    ):

        def get(place: tuple[int, int]) -> int:
            answer = client.get(page_path(*place))
            answer.raise_for_status()
            total: int = msgspec.json.decode(answer.content)["response"]["result"]["total"]
            return total

        firsts = [(ACTIVE, 1), (ARCHIVED, 1)]
        totals = dict(zip(firsts, pool.map(get, firsts), strict=True))
        rest = [(state, page) for (state, _), total in totals.items() for page in range(2, -(-total // PER_PAGE) + 1)]
        return len(firsts) + len(list(pool.map(get, rest)))


def bare() -> int:
    """Read all pages one after the other over one connection; give how many."""
    place = urlsplit(os.environ["FRESHBOOKS_API_URL"])
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 80)

    def get(path: str) -> bytes:
        connection.request("GET", path, headers=headers())
        return connection.getresponse().read()

    def pages() -> Iterator[int]:
        for visibility in (ACTIVE, ARCHIVED):
            total = json.loads(get(page_path(visibility, 1)))["response"]["result"]["total"]
            yield 1
            for page in range(2, -(-total // PER_PAGE) + 1):
                get(page_path(visibility, page))
                yield 1

    return sum(pages())


def both(file: Path) -> int:
    """Walk the events of one file while its account is fetched; give how many there were."""
    fetching = threading.Thread(target=fetch)
    fetching.start()
    count = events(file.read_bytes())
    fetching.join()
    return count


def many(files: Iterable[Path]) -> int:
    """Do the same for several accounts in turn."""
    count = 0
    for file in files:
        os.environ["FRESHBOOKS_ACCOUNT_ID"] = file.parent.name
        count += both(file)
    return count


def timed(work: Callable[[], int], name: str) -> dict[str, float]:
    """Do one part; give its seconds and its count."""
    wall, cpu = time.perf_counter(), time.process_time()
    count = work()
    return {
        f"{name}_wall_s": time.perf_counter() - wall,
        f"{name}_cpu_s": time.process_time() - cpu,
        f"{name}_count": count,
    }


def main() -> None:
    """Do what was asked, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("events", "fetch", "both", "many", "bare"))
    parser.add_argument("yaml", type=Path, nargs="*")
    chosen = parser.parse_args()
    if chosen.what == "bare":
        told = timed(bare, "bare")
    elif chosen.what == "fetch":
        told = timed(fetch, "fetch")
    elif chosen.what == "events":
        told = timed(lambda: events(chosen.yaml[0].read_bytes()), "events")
    elif chosen.what == "both":
        told = timed(lambda: both(chosen.yaml[0]), "both")
    else:
        told = timed(lambda: many(chosen.yaml), "many")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
