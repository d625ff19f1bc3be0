"""Texts of a given length that patterns and loops may stumble over."""

from collections.abc import Callable

# What is said over and over again until the text is long enough.
UNITS = {
    "words": "bác quên mật khẩu vneid rồi cháu ơi ",
    "digits": "1",
    "digits with blanks": "1 ",
    "digits with dots and dashes": "12.34-56,",
    "spoken digits": "bốn tám hai chín ",
    "spoken digits and digits": "một 2 ba 4 ",
    "spoken tens": "bốn mươi ba số không rồi ",
    "digits with strokes": "12/34/",
    "letters for digits": "5o8 2l4 ",
    "codes of letters": "mã QX7K92-A1 ",
    "how it is written": "mật khẩu con mèo viết liền ",
    "quotes": "mật khẩu “a” ",
    "the word otp": "mã otp là ",
    "the word password": "mật khẩu là ",
    "passwords": "Hoa@1957 ",
    "password signs": "a@1",
    "one letter": "a",
    "one marked letter": "ế",
    "decomposed": "e\u0302\u0301",
    "marks alone": "\u0301",
    "blanks": " ",
    "line breaks": "\n",
    "full stops": ".",
    "brackets": "(((",
    "zero width": "\u200b",
    "bidi": "\u202e\u202d",
    "emoji": "👨‍👩‍👧‍👦",
    "capitals that grow": "İ",
    "telex": "maatj khaaur ",
    "addresses": "http://a.vn/b?c=d ",
    "mail addresses": "a@b.vn ",
    "hamlets": "xóm 3 thôn Đông ",
    "polite words": "dạ vâng ạ ",
    "number words": "số ",
    "health cards": "GD 1234567890123 ",
    "masks": "‹otp›",
}


def long_text(unit: str, length: int) -> str:
    return (unit * (length // len(unit) + 1))[:length]


def readers() -> dict[str, Callable[[str], object]]:
    """What reads every message before anything is decided."""
    from functools import partial

    from handlers.guard import guard
    from handlers.hamlet_names import match_hamlet, names_a_hamlet
    from handlers.numbers import read_number
    from knowledge.intents import load_intent_words
    from knowledge.library import CONTENT
    from records.communes import HamletProfile
    from retrieval.text import clean, fold, normalise

    hamlets = [
        HamletProfile(number, f"xom-{number}", f"Xóm {number}", ("Đông Cầu", "Gò Pháo")[:1])
        for number in range(1, 30)
    ]
    return {
        "guard": guard,
        "clean": clean,
        "normalise": normalise,
        "fold": fold,
        "number reader": partial(
            read_number, words=load_intent_words(CONTENT), titles=["Định danh", "Ngân hàng", "Nhóm khác"]
        ),
        "hamlet reader": names_a_hamlet,
        "hamlet matcher": partial(match_hamlet, hamlets=hamlets),
    }
