import datetime as dt
import re
from urllib.parse import parse_qs, urlsplit

import pyotp

from staff.second_factor import (
    address_of,
    in_groups,
    matching_step,
    new_recovery_codes,
    new_secret,
    picture,
    recovery_code,
)
from tests.conftest import NOW

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SECOND = dt.timedelta(seconds=1)


def code_at(now: dt.datetime) -> str:
    return pyotp.TOTP(SECRET).at(now)


def test_the_code_of_this_half_minute_and_the_one_before_count_and_no_other():
    moments = {seconds: code_at(NOW + seconds * SECOND) for seconds in (-60, -30, 0, 29, 30)}

    found = {seconds: matching_step(SECRET, code, NOW) for seconds, code in moments.items()}

    step = int(NOW.timestamp()) // 30
    assert found == {-60: None, -30: step - 1, 0: step, 29: step, 30: None}


def test_the_reference_value_of_rfc_6238_is_met():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the ASCII text 12345678901234567890

    step = matching_step(secret, "287082", dt.datetime.fromtimestamp(59, dt.UTC))

    assert step == 1


def test_a_code_may_be_typed_as_apps_show_it():
    code = code_at(NOW)

    assert matching_step(SECRET, f" {code[:3]} {code[3:]} ", NOW) is not None


def test_what_is_no_code_of_six_digits_never_counts():
    for typed in ("", "12345", "1234567", "abcdef", "１２３４５６", "'; --"):
        assert matching_step(SECRET, typed, NOW) is None


def test_secrets_and_recovery_codes_are_long_and_never_the_same():
    secrets = {new_secret() for _ in range(100)}
    codes = [code for _ in range(10) for code in new_recovery_codes()]

    assert len(secrets) == 100
    assert {len(secret) * 5 for secret in secrets} == {160}  # bits
    assert len(set(codes)) == 100
    assert all(re.fullmatch("[a-z2-7]{24}", code) for code in codes)


def test_a_recovery_code_may_be_typed_as_it_was_printed():
    code = new_recovery_codes()[0]

    assert {recovery_code(typed) for typed in (in_groups(code), in_groups(code).upper(), f" {code}-")} == {
        code
    }


def test_the_address_names_the_account_and_the_product():
    parts = urlsplit(address_of(SECRET, "lan"))

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Học Vụ Số"]}


def test_the_picture_is_a_square_with_a_light_border():
    side, path = picture(address_of(SECRET, "lan"))

    places = [(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)]
    assert "".join(f"M{x} {y}h1v1h-1z" for x, y in places) == path
    assert {min(x for x, _ in places), min(y for _, y in places)} == {4}
    assert {max(x for x, _ in places), max(y for _, y in places)} == {side - 5}
    # The three corners by which a reader finds it: seven dark modules in a row.
    assert all((x, 4) in places for x in (*range(4, 11), *range(side - 11, side - 4)))
