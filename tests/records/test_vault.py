from pathlib import Path

import pytest

from records.vault import KEY_BYTES, Vault, VaultError, add_key, open_vault

OLD, NEW = b"a" * KEY_BYTES, b"b" * KEY_BYTES


def test_what_was_sealed_is_read_again_and_cannot_be_seen():
    sealed = Vault([OLD]).seal("84912345678")

    assert Vault([OLD]).open(sealed) == "84912345678"
    assert b"84912345678" not in sealed


def test_the_same_text_is_sealed_differently_each_time():
    assert Vault([OLD]).seal("84912345678") != Vault([OLD]).seal("84912345678")


def test_after_a_change_of_keys_the_old_is_read_and_the_new_is_written():
    before, after = Vault([OLD]), Vault([OLD, NEW])

    assert after.open(before.seal("một")) == "một"
    assert after.seal("hai")[:2] == b"\0\2"
    assert after.hashes("telegram", "7") == (after.hash("telegram", "7"), before.hash("telegram", "7"))


@pytest.mark.parametrize("at", [0, 1, 2, 14, -1])
def test_changed_bytes_are_noticed(at: int):
    sealed = bytearray(Vault([OLD]).seal("một"))
    sealed[at] ^= 1

    with pytest.raises(VaultError, match="found"):
        Vault([OLD]).open(bytes(sealed))


def test_what_an_unknown_key_sealed_is_not_read():
    with pytest.raises(VaultError, match="key 2, expected 1 to 1"):
        Vault([OLD]).open(Vault([OLD, NEW]).seal("một"))


def test_one_person_has_different_hashes_on_two_channels():
    vault = Vault([OLD])

    assert vault.hash("telegram", "7") != vault.hash("zalo-oa", "7")


def test_the_key_ring_is_made_once_and_only_its_owner_reads_it(tmp_path: Path):
    path = tmp_path / "secret.key"

    first, second = open_vault(path), open_vault(path)

    assert first.hash("webchat", "x") == second.hash("webchat", "x")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_key_keeps_what_was_there(tmp_path: Path):
    path = tmp_path / "secret.key"
    before = open_vault(path)

    after = add_key(path)

    assert after.version == 2
    assert open_vault(path).open(before.seal("một")) == "một"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("written", ["", "abcd\n", "xyz\n"])
def test_a_spoilt_key_ring_says_what_is_wrong(tmp_path: Path, written: str):
    path = tmp_path / "secret.key"
    path.write_text(written)

    with pytest.raises(VaultError, match="expected"):
        open_vault(path)
