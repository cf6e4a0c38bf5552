"""A fast HTTP server for large bodies: `GET /N` answers with N bytes, and a request with a body is read and answered.

It prints its URL, and runs until its standard input closes."""

import os
import socket
import sys
import threading

PIECE = bytes(1024 * 1024)


def head_of(connection):
    """Reads a request's head. Returns the head, and the part of the body that came with it."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65536)
        if not piece:
            return None, b""
        text += piece
    head, _, rest = text.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


def serve(connection):
    with connection:
        head, rest = head_of(connection)
        if head is None:
            return
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        if headers.get("expect") == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        left = int(headers.get("content-length", 0)) - len(rest)
        buffer = bytearray(len(PIECE))
        while left > 0:
            left -= connection.recv_into(buffer)
        size = int(head.split(" ")[1].strip("/") or 0)
        connection.sendall(f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode())
        while size > 0:
            size -= connection.send(memoryview(PIECE)[: min(size, len(PIECE))])


def accept(server):
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    sys.stdin.read()
    os._exit(0)
