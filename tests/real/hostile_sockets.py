"""Sends hostile requests to a loopback listener at an even rate until standard input is closed. Then prints one line of
JSON.

    hostile_sockets.py PORT REQUESTS_PER_SECOND IDLE_CONNECTIONS

The script also keeps IDLE_CONNECTIONS silent connections open, and one that sends a header of 64 MiB. If the listener
closes any of these connections, the script opens it again.
"""

import itertools
import json
import random
import select
import socket
import struct
import sys
import threading
import time

PORT, RATE, IDLE = map(int, sys.argv[1:])
THREADS = 16
HEADER = 64 << 20
HOST = f"Host: localhost:{PORT}\r\n"
GUESS = "A" * 43
REQUESTS = [
    f"GET /callback?error=access_denied&error_description=hacked HTTP/1.1\r\n{HOST}\r\n",
    f"GET /callback?error=access_denied&state={GUESS} HTTP/1.1\r\n{HOST}\r\n",
    f"GET /callback?code=stolen&state={GUESS} HTTP/1.1\r\n{HOST}\r\n",
    f"GET /callback?code=a&code=b&state={GUESS} HTTP/1.1\r\n{HOST}\r\n",
    f"GET /callback?code=stolen HTTP/1.1\r\n{HOST}\r\n",
    f"GET /done HTTP/1.1\r\n{HOST}\r\n",
    f"GET /favicon.ico HTTP/1.1\r\n{HOST}\r\n",
    f"GET /callback/../x HTTP/1.1\r\n{HOST}\r\n",
    f"GET /callback?code=stolen&state={GUESS} HTTP/1.1\r\nHost: attacker.example:{PORT}\r\n\r\n",
    f"POST /callback HTTP/1.1\r\n{HOST}Content-Length: 19\r\n\r\nerror=access_denied",
    f"POST /callback HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    f"OPTIONS /callback HTTP/1.1\r\n{HOST}Access-Control-Request-Private-Network: true\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
    "",
]
RESET = struct.pack("ii", 1, 0)

end = threading.Event()
counted = {"sent": 0, "answered": 0, "cut": 0, "header_bytes": 0, "idle": 0}
lock = threading.Lock()


def count(what, by=1):
    with lock:
        counted[what] += by


def connected():
    host = random.choice(["127.0.0.1", "::1"])
    return socket.create_connection((host, PORT), timeout=10)


def requests(turns):
    """Sends one request per connection and reads its answer. Every seventh connection is reset after the request."""
    while not end.is_set():
        number = next(turns)
        wait = began + number / RATE - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            with connected() as stream:
                request = REQUESTS[number % len(REQUESTS)]
                stream.sendall(request.encode("latin-1"))
                count("sent")
                if number % 7 == 0 or not request:
                    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                elif stream.recv(64):
                    count("answered")
        except OSError:
            count("cut")


def idle():
    """Keeps silent connections open, and opens closed ones again."""
    streams = []
    while not end.wait(1):
        readable = set(select.select(streams, [], [], 0)[0])
        for stream in readable:
            stream.close()
        streams = [stream for stream in streams if stream not in readable]
        while len(streams) < IDLE:
            try:
                streams.append(connected())
            except OSError:
                break
        with lock:
            counted["idle"] = max(counted["idle"], len(streams))


def header():
    """Sends one header of 64 MiB, again and again."""
    piece = b"x" * (64 << 10)
    while not end.is_set():
        try:
            with connected() as stream:
                stream.sendall(f"GET / HTTP/1.1\r\n{HOST}X-Filler: ".encode())
                for _ in range(HEADER // len(piece)):
                    stream.sendall(piece)
                    count("header_bytes", len(piece))
                    if end.is_set():
                        break
        except OSError:
            # It was cut off, as expected. The pause keeps this from being a flood of connections.
            end.wait(0.2)


turns = itertools.count()
began = time.monotonic()
work = [threading.Thread(target=requests, args=(turns,)) for _ in range(THREADS)]
work += [threading.Thread(target=idle), threading.Thread(target=header)] if IDLE else []
for thread in work:
    thread.start()
print("begun", flush=True)
for line in sys.stdin:
    # A line on standard input requests the numbers so far.
    with lock:
        print(json.dumps({**counted, "seconds": time.monotonic() - began}), flush=True)
end.set()
for thread in work:
    thread.join()
