"""The keys of an installation: what stands in the database for a person's id on a channel.

The id itself is kept in two ways only: as a keyed hash, to recognise who writes, and sealed
(AES-256-GCM), to be able to answer. A key ring holds the keys, oldest first; the last one is used
for what is written, all of them for what is read, so that keys can be changed while people write.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION_BYTES = 2
_ID_BYTES = 6


class VaultError(Exception):
    """The key ring cannot be used, or something was sealed with a key that is not in it."""


class Vault:
    """Hashes and seals with the newest of `keys` (32 bytes each, oldest first)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            found = [len(key) for key in keys]
            raise VaultError(f"found keys of {found} bytes, expected at least one, each of {KEY_BYTES}")
        self._keys = tuple(keys)
        self._ciphers = [AESGCM(_derive(key, b"seal")) for key in keys]

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """For cookies, newest first: sign with the first, accept any."""
        return tuple(reversed(self._keys))

    @property
    def key_ids(self) -> tuple[str, ...]:
        """What names each key, oldest first, and tells nothing about it."""
        return tuple(_derive(key, b"id")[:_ID_BYTES].hex() for key in self._keys)

    @property
    def version(self) -> int:
        """Number of the newest key, from 1."""
        return len(self._keys)

    def hash(self, channel: str, external_id: str) -> str:
        """What stands for a channel's id of a person: HMAC-SHA256, in hex."""
        return self.hashes(channel, external_id)[0]

    def hashes(self, channel: str, external_id: str) -> tuple[str, ...]:
        """The hash under every key, newest first: who wrote before a change of keys is still known."""
        text = f"{channel}\0{external_id}".encode()
        return tuple(hmac.new(key, text, hashlib.sha256).hexdigest() for key in self.signing_keys)

    def seal(self, text: str) -> bytes:
        """Encrypt with the newest key; the result names it in its first two bytes."""
        version = self.version.to_bytes(_VERSION_BYTES, "big")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return version + nonce + self._ciphers[-1].encrypt(nonce, text.encode(), version)

    def is_newest(self, sealed: bytes) -> bool:
        """Whether something was sealed with the newest key."""
        return int.from_bytes(sealed[:_VERSION_BYTES], "big") == self.version

    def open(self, sealed: bytes) -> str:
        """What was sealed; raises `VaultError` when its key is gone or the bytes were changed."""
        version, rest = sealed[:_VERSION_BYTES], sealed[_VERSION_BYTES:]
        number = int.from_bytes(version, "big")
        if not 1 <= number <= self.version:
            raise VaultError(f"found something sealed with key {number}, expected 1 to {self.version}")
        try:
            text = self._ciphers[number - 1].decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], version)
        except InvalidTag as error:
            raise VaultError(f"found changed bytes under key {number}, expected what was sealed") from error
        return text.decode()


def open_vault(path: Path) -> Vault:
    """The key ring of this installation: a hex key a line, made on the first run, for its owner only."""
    if not path.exists():
        _make_ring(path)
    return Vault(_read_keys(path))


def _make_ring(path: Path) -> None:
    """In one step: of workers that start at once one makes it, and nobody reads half of it."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_bytes(KEY_BYTES).hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another was first
            path.hardlink_to(beside)
    finally:
        Path(beside).unlink()


def key_ids(path: Path) -> tuple[str, ...]:
    """`Vault.key_ids` of a key ring; () when there is none."""
    return Vault(_read_keys(path)).key_ids if path.exists() else ()


def add_key(path: Path) -> Vault:
    """Add a new key to the ring, replacing the file in one step."""
    keys = [*_read_keys(path), secrets.token_bytes(KEY_BYTES)]
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.writelines(f"{key.hex()}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return Vault(keys)


def _read_keys(path: Path) -> list[bytes]:
    keys = []
    for number, line in enumerate(path.read_text(encoding="ascii").split(), 1):
        try:
            keys.append(bytes.fromhex(line))
        except ValueError as error:
            raise VaultError(f"{path}: found no hex number in line {number}, expected a key") from error
    return keys


def _derive(key: bytes, purpose: bytes) -> bytes:
    """A key for one purpose: one secret must not serve two algorithms."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"hocvuso " + purpose).derive(key)
