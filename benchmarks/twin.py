"""How many calls a twin answers in a second, and how long a year of many people takes: `python benchmarks/twin.py`.

One client on one connection, in a process of its own, so that the twin has a core to itself where there are two.
"""

import argparse
import json
import multiprocessing
import socket
import time
from urllib.parse import urlsplit

import simcore
from simcore import kit


class Client:
    """As little of HTTP as the twin needs."""

    def __init__(self, url, key):
        parts = urlsplit(url)
        self.key, self.connection = key, socket.create_connection((parts.hostname, parts.port))
        self.answers = self.connection.makefile("rb")

    def __call__(self, method, path, body=b"{}"):
        head = f"{method} {path} HTTP/1.1\r\nHost: twin\r\nX-Kit-Api-Key: {self.key}\r\nContent-Length: {len(body)}"
        self.connection.sendall(head.encode() + b"\r\n\r\n" + body)
        status, length = self.answers.readline().split()[1], 0
        while (line := self.answers.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        found = json.loads(self.answers.read(length))
        assert status.startswith(b"2"), found
        return found


def measure(url, key, people, told):
    """Puts the seconds of each thing into a queue."""
    call = Client(url, key)
    parts = {
        "list": lambda number: call("GET", "/v4/sequences"),
        "create": lambda number: call(
            "POST", "/v4/subscribers", b'{"email_address": "p%d@example.com"}' % number
        ),
        "add": lambda number: call("POST", f"/v4/sequences/30/subscribers/{number + 1}"),
    }
    for name, one in parts.items():
        began = time.perf_counter()
        for number in range(people):
            one(number)
        told.put((name, people, time.perf_counter() - began))
    began = time.perf_counter()
    for _ in range(365):
        call("POST", "/_twin/clock", b'{"advance": "1 day"}')
    sent = call("GET", "/_twin/outbox?limit=1000")["pagination"]["total"]
    told.put((f"a year, day by day, and a page of {sent:,} sends", 0, time.perf_counter() - began))
    told.put(None)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    people = parser.parse_args().people
    context = multiprocessing.get_context("spawn")
    with simcore.twin(kit=kit.load(simcore.example("welcome"))) as t:
        told = context.Queue()
        client = context.Process(target=measure, args=(t.url, t.key, people, told))
        began = time.process_time()
        client.start()
        for name, calls, seconds in iter(told.get, None):
            here, began = time.process_time() - began, time.process_time()
            rate = (
                f", {calls / seconds:,.0f} a second, {here / calls * 1e6:.0f} µs of the twin's core each"
                if calls
                else ""
            )
            print(f"{name}: {seconds:.2f} s{rate}")
        client.join()


if __name__ == "__main__":
    main()
