"""A reply cache's file as src/cache/lmdb/cache_format.hpp has it, read and written behind the programs' back."""

import struct
from contextlib import contextmanager

import lmdb

ANSWERED, PENDING = 2, 1
NEVER = 2 ** 64 - 1


def record_key(responder, sender, handle="h"):
    return f"{responder}\0{sender}\0{handle}".encode()


def encode(answered_at, expires_at=None, count=1, state=ANSWERED, message_id=""):
    value = struct.pack("<BQQI", state, answered_at, NEVER if expires_at is None else expires_at,
                        count + (state == PENDING))
    for text in (message_id.encode(), b"", b"", b""):
        value += struct.pack("B", len(text)) + text
    return value


def expiry_key(expires_at, key):
    return struct.pack(">I", expires_at // (24 * 3600)) + key


def expiry_value(expires_at):
    return struct.pack("<Q", expires_at)


class Tables:
    """The named tables, in a writing transaction."""

    def __init__(self, environment, transaction):
        self._transaction = transaction
        self._tables = {name: environment.open_db(name.encode(), transaction)
                        for name in ("records", "expiry", "limits")}

    def put(self, table, key, value=b""):
        assert self._transaction.put(key, value, db=self._tables[table])

    def delete(self, table, key):
        assert self._transaction.delete(key, db=self._tables[table]), f"no {key!r} in {table}"

    def get(self, table, key):
        return self._transaction.get(key, db=self._tables[table])

    def keys(self, table):
        return [bytes(key) for key, _ in self._transaction.cursor(db=self._tables[table])]

    def add(self, responder, sender, answered_at, expires_at=None, handle="h", **others):
        key = record_key(responder, sender, handle)
        self.put("records", key, encode(answered_at, expires_at, **others))
        if expires_at is not None:
            self.put("expiry", expiry_key(expires_at, key), expiry_value(expires_at))


@contextmanager
def tables(path):
    """Of a cache, which is made where it is missing; what was changed is there at the end."""
    environment = lmdb.open(str(path), subdir=False, max_dbs=3, map_size=2 ** 36, sync=False)
    try:
        with environment.begin(write=True) as transaction:
            transaction.put(b"inforeply", b"1")
            yield Tables(environment, transaction)
    finally:
        environment.sync(True)
        environment.close()
