"""Receivers of messages on loopback: web servers that take JSON, refuse it, or keep one waiting."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "hunter2-%40bc"
TOKEN = "T0KENof64"


class Person:
    """Somebody who is told by a web server, with a password and a token in the address.

    status: what it answers; refused: the subject that it answers with 400; pause: it does not answer until this is set.
    heard: what it took, with subject and body. tried: how often it was asked.
    """

    def __init__(self, server: socketserver.TCPServer) -> None:
        self.port = server.server_address[1]
        self.status = 200
        self.refused: str | None = None
        self.pause = threading.Event()
        self.pause.set()
        self.heard: list[dict[str, Any]] = []
        self.tried = 0

    @property
    def address(self) -> str:
        return f"json://ada:{SECRET}@127.0.0.1:{self.port}/hooks/{TOKEN}"

    @property
    def subjects(self) -> list[str]:
        return [message["title"] for message in self.heard]

    @property
    def text(self) -> str:
        return "\n".join(f"{message['title']}\n{message['message']}" for message in self.heard)


@contextmanager
def people(tls: ssl.SSLContext | None = None) -> Iterator[Callable[[], Person]]:
    """Makes persons, each with a server of its own, and ends all of them. tls: for servers of https."""
    servers: list[tuple[ThreadingHTTPServer, Person, threading.Thread]] = []

    def make() -> Person:
        server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        person = Person(server)
        server.RequestHandlerClass = handler_of(person)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        servers.append((server, person, thread))
        return person

    yield make
    for server, person, thread in servers:
        person.pause.set()
        server.shutdown()
        server.server_close()
        thread.join()


def handler_of(person: Person) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            person.tried += 1
            status = 400 if body["title"] == person.refused else person.status
            if status < 300:
                person.heard.append(body)
            person.pause.wait(60)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"no: " + SECRET.encode() if status >= 300 else b"thanks")

        def do_GET(self) -> None:
            person.tried += 1
            self.send_response(person.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def answering(answer: bytes) -> Iterator[Person]:
    """Somebody whose server takes what it is asked, sends these bytes, whatever they are, and closes the connection."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b"".join(iter(self.rfile.readline, b"\r\n"))
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = self.rfile.read(int(length.split(b":")[1]))
            person.tried += 1
            person.heard.append(json.loads(body))
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        person = Person(server)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield person
        server.shutdown()
        thread.join()


def down() -> str:
    """The address of somebody whose server is not there: nobody listens on this port."""
    return f"json://ada:{SECRET}@127.0.0.1:1/hooks/{TOKEN}"


def eventually(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
