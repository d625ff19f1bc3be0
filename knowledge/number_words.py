"""Numbers in Vietnamese words, as they are read out. Pure."""

_DIGITS = "không một hai ba bốn năm sáu bảy tám chín".split()
_GROUPS = ("", "nghìn", "triệu")  # of three digits; a billion of them starts again with "tỷ"


def digits(text: str) -> str:
    """Digit by digit: "0368" → "không ba sáu tám"; what is no digit is left out."""
    return " ".join(_DIGITS[int(character)] for character in text if character.isdecimal())


def number(value: int) -> str:
    """A whole number of 0 or more: 1500000 → "một triệu năm trăm nghìn"."""
    if value == 0:
        return _DIGITS[0]
    billions, rest = divmod(value, 10**9)
    parts = [f"{number(billions)} tỷ"] if billions else []
    for power in (2, 1, 0):
        group, rest = divmod(rest, 1000**power)
        if group:
            parts.append(f"{_group(group, is_first=not parts)} {_GROUPS[power]}".strip())
    return " ".join(parts)


def decimal(whole: str, fraction: str) -> str:
    """The digits before and behind the comma: "3", "05" → "ba phẩy không năm"."""
    behind = digits(fraction) if fraction.startswith("0") else number(int(fraction))
    return f"{number(int(whole))} phẩy {behind}"


def _group(value: int, *, is_first: bool) -> str:
    """1 to 999; behind a higher group nothing is left out: 1.005 is "một nghìn không trăm linh năm"."""
    hundreds, rest = divmod(value, 100)
    tens, units = divmod(rest, 10)
    parts = [f"{_DIGITS[hundreds]} trăm"] if hundreds or not is_first else []
    if tens == 1:
        parts.append("mười")
    elif tens:
        parts.append(f"{_DIGITS[tens]} mươi")
    elif units and parts:
        parts.append("linh")
    if units:
        parts.append(_unit(units, tens))
    return " ".join(parts)


def _unit(units: int, tens: int) -> str:
    if units == 1 and tens > 1:
        return "mốt"
    if units == 5 and tens:
        return "lăm"
    return _DIGITS[units]
