"""Slow APIs, in real time: `cogfed call` waits for an answer, within an answer and while it uploads."""

import concurrent.futures
import hashlib
import http.server
import json
import signal
import socket
import socketserver
import subprocess
import threading
import time

import pytest

from support import COGFED, LONG, Lab

UPLOAD = 9_000_000
# Bytes per second.
UPLINK = 384_000
EVENTS = 12


class Handler(http.server.BaseHTTPRequestHandler):
    """The API. The path says how slow it is."""

    def do_GET(self):
        kind, _, number = self.path.strip("/").partition("/")
        if kind == "sleep":
            time.sleep(float(number))
            self.answer(b'{"slept": true}')
        elif kind == "drip":
            self.head(22)
            self.wfile.write(b'{"first":1,')
            self.wfile.flush()
            time.sleep(float(number))
            self.wfile.write(b'"second":2}')
        elif kind == "events":
            self.head(None, "text/event-stream")
            for count in range(EVENTS):
                self.wfile.write(f"data: {count} {time.monotonic()}\n\n".encode())
                self.wfile.flush()
                time.sleep(1)

    def do_PUT(self):
        left, digest = int(self.headers["Content-Length"]), hashlib.sha256()
        while left:
            piece = self.rfile.read(min(left, UPLINK // 10))
            digest.update(piece)
            left -= len(piece)
            time.sleep(0.1)
        self.answer(json.dumps({"sha256": digest.hexdigest()}).encode())

    def head(self, length, kind="application/json"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def answer(self, body):
        self.head(len(body))
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class SlowProxy(socketserver.StreamRequestHandler):
    """A proxy that takes four seconds for each CONNECT, and then refuses it."""

    def handle(self):
        self.rfile.readline()
        time.sleep(4)
        self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def api():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        # A small buffer: the client sees how fast the server reads.
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def proxy():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), SlowProxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def started(lab, *words):
    """Starts cogfed, whose output can be read while it runs."""
    pipe = subprocess.PIPE
    return subprocess.Popen([COGFED, *words], env=lab.env(), cwd=lab.folder(), stdout=pipe, stderr=pipe, text=True)


def test_slow_apis_are_waited_for(api, proxy):
    with Lab(store="file") as lab:
        lab.login()
        body = bytes(index % 251 for index in range(UPLOAD))
        (lab.home / "body").write_bytes(body)

        def call(method, path, *flags):
            began = time.monotonic()
            ran = lab.run("call", "-X", method, api + path, "--region", "eu-west-1", *flags)
            return ran, time.monotonic() - began

        def slow_answer():
            ran, took = call("GET", "/sleep/13")
            assert ran.good().json() == {"slept": True} and took >= 13

        def silence_within_an_answer():
            ran, took = call("GET", "/drip/12")
            assert ran.good().json() == {"first": 1, "second": 2} and took >= 12

        def slow_upload():
            ran, took = call("PUT", "/", "--data-binary", f"@{lab.home / 'body'}")
            assert ran.good().json()["sha256"] == hashlib.sha256(body).hexdigest() and took >= 20

        def events_arrive_at_once():
            words = ["call", "-N", api + "/events", "--region", "eu-west-1"]
            with started(lab, *words) as program:
                seen = []
                for line in program.stdout:
                    if line.startswith("data: "):
                        seen.append(time.monotonic() - float(line.split()[2]))
            assert len(seen) == EVENTS and max(seen) < 0.9, seen

        def slow_proxy():
            words = ["call", "https://api.example/x", "--region", "eu-west-1"]
            ran = lab.run(*words, HTTPS_PROXY=proxy).failed_with(5)
            assert "refused to connect to it" in ran.stderr, ran

        def interrupted():
            words = ["call", api + "/sleep/30", "--region", "eu-west-1"]
            with started(lab, *words) as program:
                time.sleep(2)
                began = time.monotonic()
                program.send_signal(signal.SIGINT)
                program.communicate(timeout=LONG)
                assert time.monotonic() - began < 2 and program.returncode != 0

        cases = (slow_answer, silence_within_an_answer, slow_upload, events_arrive_at_once, slow_proxy, interrupted)
        with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
            for outcome in [pool.submit(case) for case in cases]:
                outcome.result()
