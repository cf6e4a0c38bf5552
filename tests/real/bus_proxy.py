"""A session bus that fails at a chosen call. The proxy sits between cogfed and the real bus, counts the calls to the
Secret Service, and spoils one of them.

The proxy implements only a part of D-Bus
(https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol): it finds the end and the recipient of a
message, and writes small messages.
"""

import re
import socket
import struct
import threading

SERVICE = "org.freedesktop.secrets"
CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE = range(1, 9)
PROMPT = "/org/freedesktop/secrets/prompt/proxy"

ERRORS = {
    "no-reply": "org.freedesktop.DBus.Error.NoReply",
    "is-locked": "org.freedesktop.Secret.Error.IsLocked",
    "no-session": "org.freedesktop.Secret.Error.NoSession",
    "no-such-object": "org.freedesktop.Secret.Error.NoSuchObject",
    "access-denied": "org.freedesktop.DBus.Error.AccessDenied",
}
# never: no answer; close: the connection ends before the call arrives; lost: it ends after that, without the answer;
# silent: not even the bus's handshake is answered.
FAULTS = [*ERRORS, "never", "close", "lost", "twice", "wrong-body", "empty-body", "dismiss", "delay", "silent"]


def padded(data, to):
    return data + b"\0" * (-len(data) % to)


def string(text):
    return struct.pack("<I", len(text)) + text.encode() + b"\0"


def paths(*names):
    """Returns the marshalled form of an array of object paths, at the start of a body."""
    inner = b""
    for name in names:
        inner = padded(inner, 4) + string(name)
    return struct.pack("<I", len(inner)) + inner


def message(kind, serial, fields, body=b""):
    marshalled = b""
    for code, signature, value in fields:
        marshalled = padded(marshalled, 8) + bytes([code, 1]) + signature.encode() + b"\0"
        if signature == "u":
            marshalled += struct.pack("<I", value)
        elif signature == "g":
            marshalled += bytes([len(value)]) + value.encode() + b"\0"
        else:
            marshalled += string(value)
    head = struct.pack("<cBBBII", b"l", kind, 1, 1, len(body), serial)
    return padded(head + struct.pack("<I", len(marshalled)) + marshalled, 8) + body


class Message:
    """A message as it arrived: its kind, serial and header fields."""

    def __init__(self, raw, header_end):
        self.raw, self.head, self.body = raw, raw[:header_end], raw[header_end:]
        self.order = "<" if raw[:1] == b"l" else ">"
        self.kind = raw[1]
        self.serial = struct.unpack_from(self.order + "I", raw, 8)[0]
        self.fields = {}
        length = struct.unpack_from(self.order + "I", raw, 12)[0]
        at = 16
        while at < 16 + length:
            at += -at % 8
            code, size = raw[at], raw[at + 1]
            signature = raw[at + 2 : at + 2 + size]
            at += size + 3
            if signature == b"g":
                self.fields[code] = raw[at + 1 : at + 1 + raw[at]].decode()
                at += raw[at] + 2
                continue
            at += -at % 4
            value = struct.unpack_from(self.order + "I", raw, at)[0]
            at += 4
            if signature != b"u":
                value, at = raw[at : at + value].decode(), at + value + 1
            self.fields[code] = value


class Stream:
    """One direction of one connection, split into the handshake's bytes and messages."""

    def __init__(self, source):
        self.source, self.held = source, b""

    def more(self):
        data = self.source.recv(65536)
        if not data:
            raise EOFError
        self.held += data

    def take(self, count):
        while len(self.held) < count:
            self.more()
        data, self.held = self.held[:count], self.held[count:]
        return data

    def line(self):
        while b"\r\n" not in self.held:
            self.more()
        return self.take(self.held.index(b"\r\n") + 2)

    def message(self):
        head = self.take(16)
        order = "<" if head[:1] == b"l" else ">"
        body, _, fields = struct.unpack(order + "III", head[4:16])
        header = 16 + fields + (-fields % 8)
        return Message(head + self.take(header - 16 + body), header)


class BusProxy:
    """Stands in front of the bus at `address`, with its own socket, until it is closed. It spoils call number `at` in
    the way of `fault`, and with `for_good` all later calls, too. Calls are counted from 1 over all connections; 0 means
    none."""

    def __init__(self, folder, name, address, fault="none", at=0, for_good=False):
        assert fault in FAULTS or at == 0, fault
        self.path = str(folder / f"{name}.bus")
        self.fault, self.at, self.for_good = fault, at, for_good
        self.upstream = upstream(address)
        self.calls, self.lock, self.connections = [], threading.Lock(), []
        self.spoiled, self.go_on = threading.Event(), threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self.listener.close()
        for connection in list(self.connections):
            connection.close()

    @property
    def address(self):
        return f"unix:path={self.path}"

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(Connection(self, client))

    def number(self, call):
        """Counts a call, and returns whether to spoil it."""
        with self.lock:
            self.calls.append(call.fields[MEMBER])
            number = len(self.calls)
        is_hit = self.at and (number == self.at or self.for_good and number > self.at)
        if is_hit:
            self.spoiled.set()
        return is_hit


def upstream(address):
    """Returns the real bus's address, as `socket.connect` takes it."""
    found = re.match(r"unix:(path|abstract)=([^,;]+)", address)
    return found[2] if found[1] == "path" else "\0" + found[2]


class Connection:
    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.bus = socket.socket(socket.AF_UNIX)
        self.twice, self.relocked, self.dropped = set(), set(), set()
        self.owner, self.is_dismissing, self.serial = ":1.0", False, 1 << 30
        self.sending = threading.Lock()
        if proxy.fault == "silent" and proxy.at:
            proxy.spoiled.set()
            return
        self.bus.connect(proxy.upstream)
        for work in (self.from_client, self.from_bus):
            threading.Thread(target=self.until_closed, args=[work], daemon=True).start()

    def until_closed(self, work):
        try:
            work()
        except (OSError, EOFError):
            pass
        self.close()

    def close(self):
        for end in (self.client, self.bus):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def answer(self, kind, call, fields=(), body=b""):
        self.serial += 1
        whole = [(REPLY_SERIAL, "u", call.serial), (SENDER, "s", self.owner), *fields]
        with self.sending:
            self.client.sendall(message(kind, self.serial, whole, body))

    def from_client(self):
        stream = Stream(self.client)
        line = b""
        while line != b"BEGIN\r\n":
            line = stream.line()
            self.bus.sendall(line)
        while True:
            sent = stream.message()
            if sent.kind != CALL or sent.fields.get(DESTINATION) != SERVICE or not self.spoil(sent):
                self.bus.sendall(sent.raw)

    def from_bus(self):
        stream = Stream(self.bus)
        # The bus answers the handshake in lines. After the answer to the first message it sends messages only.
        while not re.match(rb"[lB][\x01-\x04]", stream.held):
            self.client.sendall(stream.line())
            if not stream.held:
                stream.more()
        while True:
            came = stream.message()
            if came.fields.get(REPLY_SERIAL) in self.dropped:
                return
            if came.kind == RETURN and came.fields.get(REPLY_SERIAL) in self.relocked:
                # The answer reports the found items as locked: the unlocked and locked lists change places.
                body = exchanged(came.body)
                came.raw = came.head[:4] + struct.pack("<I", len(body)) + came.head[8:] + body
            if SENDER in came.fields and came.fields[SENDER].startswith(":"):
                self.owner = came.fields[SENDER]
            with self.sending:
                self.client.sendall(came.raw * (2 if came.fields.get(REPLY_SERIAL) in self.twice else 1))

    def spoil(self, call):
        """Answers in the service's place if the fault applies to this call."""
        proxy = self.proxy
        if self.is_dismissing and call.fields[MEMBER] in ("Unlock", "Prompt"):
            proxy.number(call)
            return self.dismiss(call)
        if not proxy.number(call):
            return False
        fault = proxy.fault
        if fault in ERRORS:
            self.answer(ERROR, call, [(ERROR_NAME, "s", ERRORS[fault]), (SIGNATURE, "g", "s")], string("as told\nby a test"))
        elif fault == "wrong-body":
            self.answer(RETURN, call, [(SIGNATURE, "g", "s")], string("this is not what was asked for"))
        elif fault == "empty-body":
            self.answer(RETURN, call)
        elif fault == "close":
            raise EOFError
        elif fault == "dismiss":
            self.is_dismissing = True
            return self.dismiss(call)
        elif fault == "twice":
            self.twice.add(call.serial)
            return False
        elif fault == "lost":
            self.dropped.add(call.serial)
            return False
        elif fault == "delay":
            proxy.go_on.wait()
            return False
        return True

    def dismiss(self, call):
        """Makes the call need a prompt that is dismissed. Returns False for a call that never needs one."""
        member = call.fields[MEMBER]
        if member == "SearchItems":
            self.relocked.add(call.serial)
            return False
        if member == "Unlock":
            self.answer(RETURN, call, [(SIGNATURE, "g", "aoo")], paths() + string(PROMPT))
        elif member == "CreateItem":
            self.answer(RETURN, call, [(SIGNATURE, "g", "oo")], padded(string("/"), 4) + string(PROMPT))
        elif member == "Delete":
            self.answer(RETURN, call, [(SIGNATURE, "g", "o")], string(PROMPT))
        elif member == "Prompt":
            self.answer(RETURN, call)
            fields = [(PATH, "o", PROMPT), (INTERFACE, "s", "org.freedesktop.Secret.Prompt"), (MEMBER, "s", "Completed")]
            fields += [(SENDER, "s", self.owner), (SIGNATURE, "g", "bv")]
            self.serial += 1
            with self.sending:
                # dismissed: true; result: a variant with an empty text.
                self.client.sendall(message(SIGNAL, self.serial, fields, b"\1\0\0\0\1s\0\0" + string("")))
        else:
            return False
        return True


def exchanged(body):
    """Returns the two arrays of object paths of a SearchItems answer, in the other order."""
    arrays, at = [], 0
    for _ in range(2):
        at += -at % 4
        length = struct.unpack_from("<I", body, at)[0]
        found, end = [], at + 4 + length
        at += 4
        while at < end:
            at += -at % 4
            size = struct.unpack_from("<I", body, at)[0]
            found.append(body[at + 4 : at + 4 + size].decode())
            at += size + 5
        arrays.append(found)
    return padded(paths(*arrays[1]), 4) + paths(*arrays[0])
