"""Three workers on one PostgreSQL behind a load balancer, on this machine, until Ctrl-C or --seconds.

For looking at it: kill a worker and go on talking. PostgreSQL is the one of the wheel, everything lies
in folders that go away. In service take your own PostgreSQL and proxy (docs/operations.md).

Run: make cluster, or python -m benchmarks.cluster [--workers 3] [--port 8000] [--seconds S]
"""

import argparse
import time
from contextlib import closing, suppress

from benchmarks.balancer import Balancer
from benchmarks.workers import cluster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--port", type=int, default=8000, help="of the load balancer; 0: any free one")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    with cluster("postgresql") as made:
        made.start_all(options.workers)
        with closing(Balancer(made.addresses, options.port)) as balancer:
            # Each start renews the link, and the last one made is good.
            links = [server.first_link() for server in made.servers]
            print(f"web chat     {balancer.url}/")
            print(f"staff site   {balancer.url}/staff")
            for server, link in zip(made.servers, links, strict=True):
                print(f"worker       {server.url} process {server.process.pid}; first account: {link}")
            print(
                "of the links to the first account the last one made works; Ctrl-C ends everything",
                flush=True,
            )
            until = time.monotonic() + options.seconds
            with suppress(KeyboardInterrupt):
                while time.monotonic() < until:
                    time.sleep(0.2)


if __name__ == "__main__":
    main()
