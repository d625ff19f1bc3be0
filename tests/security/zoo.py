"""Files that are meant to do harm: bombs, two files in one, names that climb, macros, remote parts."""

import copy
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator

import docx

SENTENCE = "Các thôn mở lớp học kỹ năng số cho người dân vào buổi tối hằng tuần."
MEGABYTE = 2**20
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

Maker = Callable[[], bytes]


def word_file(change: Callable[[zipfile.ZipFile], None] = lambda archive: None) -> bytes:
    """A sound Word file, with what `change` adds to it."""
    file = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(SENTENCE)
    document.save(file)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        change(archive)
    return file.getvalue()


def with_parts(**parts: bytes | str) -> bytes:
    """A Word file in which parts are replaced; the keys have __ for / and _dot_ for a dot."""
    names = {key.replace("__", "/").replace("_dot_", "."): value for key, value in parts.items()}
    old, new = zipfile.ZipFile(io.BytesIO(word_file())), io.BytesIO()
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in old.namelist():
            archive.writestr(name, names.pop(name, old.read(name)))
        for name, value in names.items():
            archive.writestr(name, value)
    return new.getvalue()


def member(name: str, content: bytes = b"x", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    return word_file(lambda archive: archive.writestr(name, content, method))


def body(inside: str) -> bytes:
    """A Word file with this in its body."""
    xml = f'<w:document xmlns:w="{_WORD}"><w:body>{inside}</w:body></w:document>'
    return with_parts(word__document_dot_xml=xml)


def zeros(size: int) -> bytes:
    def add(archive: zipfile.ZipFile) -> None:
        with archive.open("word/media/zeros.bin", "w") as part:
            for _ in range(size // MEGABYTE):
                part.write(bytes(MEGABYTE))

    return word_file(add)


def lying_about_its_size() -> bytes:
    """150 MB that the directory says are 1,000 bytes."""
    data = bytearray(zeros(150 * MEGABYTE))
    at = data.rindex(b"PK\x01\x02")  # the last entry is the large one
    struct.pack_into("<I", data, at + 24, 1_000)
    return bytes(data)


def overlapping() -> bytes:
    """1,500 entries of the directory that all point to one member of 90 KB."""

    def add(archive: zipfile.ZipFile) -> None:
        noise = zlib.compress(bytes(range(256)) * 40, 9) * 400
        archive.writestr("word/media/0.bin", noise[:90_000])
        first = archive.filelist[-1]
        for number in range(1, 1_500):
            twin = copy.copy(first)
            twin.filename = f"word/media/{number}.bin"
            archive.filelist.append(twin)

    return word_file(add)


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    xml = f"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "ha">{entities}]>
<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>&e9;</w:t></w:r></w:p></w:body></w:document>"""
    return with_parts(word__document_dot_xml=xml)


def file_entity() -> bytes:
    """An entity that stands for a file of the server."""
    xml = f"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:body></w:document>"""
    return with_parts(word__document_dot_xml=xml)


def relations(kind: str, *, quote: str = '"', encoding: str = "utf-8", padding: int = 0) -> bytes:
    """A part of the file that lies at an address."""
    target, mode = f"{quote}http://127.0.0.1:9/x{quote}", f"{quote}External{quote}"
    xml = (
        f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type={quote}{_OFFICE}/{kind}{quote} '
        f"Target={target} TargetMode={mode}/>{'<!-- -->' * padding}</Relationships>"
    )
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    return with_parts(word___rels__document_dot_xml_dot_rels=(head + xml).encode(encoding))


def pdf(objects: Iterable[bytes]) -> bytes:
    file, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    end = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (size, len(file))
    return file + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + end


def stream(filters: str, content: bytes, more: str = "") -> bytes:
    head = f"<<{more}/Filter{filters}/Length {len(content)}>>".encode()
    return head + b"stream\n" + content + b"\nendstream"


def page(content: bytes, *more: bytes, resources: str = "<</Font<</F1 5 0 R>>>>", pages: int = 1) -> bytes:
    """A PDF whose pages all show the same stream."""
    kids = " ".join(f"{6 + len(more) + at} 0 R" for at in range(pages))
    shown = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources{resources}/Contents 4 0 R>>"
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode(),
            b"<<>>",
            content,
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            *more,
            *[shown.encode()] * pages,
        ]
    )


def deflated(content: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        content = zlib.compress(content, 9)
    return content


def lzw_of_blanks(size: int) -> bytes:
    """LZW as PDF has it: each code stands for one blank more than the code before."""

    def codes() -> Iterator[tuple[int, int]]:
        written, width = 0, 9
        while written < size:
            yield 256, width
            width, code, length = 9, 32, 1
            while code < 4094 and written < size:
                yield code, width
                written += length
                code = 258 if code == 32 else code + 1
                length += 1
                width = 9 + (code >= 511) + (code >= 1023) + (code >= 2047)
        yield 257, width

    bits, count, data = 0, 0, bytearray()
    for code, width in codes():
        bits, count = (bits << width) | code, count + width
        while count >= 8:
            count -= 8
            data.append(bits >> count & 0xFF)
        bits &= (1 << count) - 1
    return bytes([*data, bits << (8 - count) & 0xFF])


def forms_in_forms() -> bytes:
    """Ten forms, each of which draws the next one ten times."""

    def form(number: int) -> bytes:
        draws = f"/F{number + 1} Do ".encode() * 10 if number < 9 else b"BT /F1 9 Tf (1) Tj ET"
        shared = f"<</XObject<</F{number + 1} {7 + number} 0 R>>/Font<</F1 5 0 R>>>>"
        more = f"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources{shared}"
        return stream("/FlateDecode", deflated(draws), more)

    forms = [form(number) for number in range(10)]
    first = stream("/FlateDecode", deflated(b"/F0 Do"))
    return page(first, *forms, resources="<</XObject<</F0 6 0 R>>/Font<</F1 5 0 R>>>>")


def operators() -> bytes:
    return stream("/FlateDecode", deflated(b"BT /F1 9 Tf (a) Tj ET\n" * 700_000))


def huge_picture(side: int = 50_000) -> bytes:
    """A PNG of 2.5 billion pixels in 300 KB."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    packer, rows = zlib.compressobj(9), bytearray()
    for _ in range(0, side, 1_000):
        rows += packer.compress(bytes((1 + side // 8) * 1_000))
    rows += packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", bytes(rows)) + chunk(b"IEND", b"")


def macros_by_type() -> bytes:
    """A document that says of itself that it may hold macros."""
    types = zipfile.ZipFile(io.BytesIO(word_file())).read("[Content_Types].xml").decode()
    plain = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    assert plain in types
    data = io.BytesIO()
    old = zipfile.ZipFile(io.BytesIO(word_file()))
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in old.namelist():
            content = old.read(name)
            if name == "[Content_Types].xml":
                content = types.replace(
                    plain, "application/vnd.ms-word.document.macroEnabled.main+xml"
                ).encode()
            archive.writestr(name, content)
    return data.getvalue()


PARAGRAPH = f"<w:p><w:r><w:t>{SENTENCE}</w:t></w:r></w:p>"

# What it is: (file name, its bytes, the reasons with which it may be refused).
ZOO: dict[str, tuple[str, Maker, set[str]]] = {
    "207 MB in a Word file": ("plan.docx", lambda: zeros(207 * MEGABYTE), {"bomb"}),
    "a part packed 1,000 to 1": ("plan.docx", lambda: zeros(90 * MEGABYTE), {"bomb"}),
    "a size that is a lie": ("plan.docx", lying_about_its_size, {"damaged", "bomb"}),
    "entries that overlap": ("plan.docx", overlapping, {"bomb", "damaged"}),
    "5,000 parts": (
        "plan.docx",
        lambda: word_file(lambda a: [a.writestr(f"word/{n}.xml", "") for n in range(5_000)] and None),
        {"bomb"},
    ),
    "a zip within": ("plan.docx", lambda: member("word/inner.zip", word_file()), {"bomb"}),
    "a zip within, called a picture": (
        "plan.docx",
        lambda: member("word/media/a.png", word_file()),
        {"bomb"},
    ),
    "a gzip within, called a font": (
        "plan.docx",
        lambda: member("word/a.odttf", b"\x1f\x8b\x08zip"),
        {"bomb"},
    ),
    "a billion laughs": ("plan.docx", billion_laughs, {"no_text", "damaged"}),
    "an entity that is a file": ("plan.docx", file_entity, {"no_text", "damaged"}),
    "100,000 levels of XML": (
        "plan.docx",
        lambda: body("<w:p>" * 100_000 + "</w:p>" * 100_000),
        {"damaged", "bomb"},
    ),
    "a cell of a billion columns": (
        "plan.docx",
        lambda: body(
            "<w:tbl>"
            + '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="1000000000"/></w:tcPr>'
            + PARAGRAPH
            + "</w:tc></w:tr>" * 1
            + ("<w:tr><w:tc>" + PARAGRAPH + "</w:tc></w:tr>") * 3
            + "</w:tbl>"
        ),
        {"bomb", "damaged"},
    ),
    "a PDF page of 100 MB": (
        "plan.pdf",
        lambda: page(stream("/FlateDecode", deflated(b"BT " + b" " * 100 * MEGABYTE + b"ET"))),
        {"bomb"},
    ),
    "a PDF page packed twice": (
        "plan.pdf",
        lambda: page(stream("[/FlateDecode/FlateDecode]", deflated(b" " * 500 * MEGABYTE, times=2))),
        {"bomb", "no_text"},
    ),
    "a PDF page of LZW": (
        "plan.pdf",
        lambda: page(stream("/LZWDecode", lzw_of_blanks(40 * MEGABYTE))),
        {"bomb", "no_text"},
    ),
    "a PDF page of run lengths": (
        "plan.pdf",
        lambda: page(stream("/RunLengthDecode", b"\x81 " * 500_000 + b"\x80")),
        {"bomb", "no_text"},
    ),
    "2 million PDF operators": ("plan.pdf", lambda: page(operators()), {"bomb"}),
    "300 pages of 2 million operators": ("plan.pdf", lambda: page(operators(), pages=300), {"bomb"}),
    "PDF forms in forms": ("plan.pdf", forms_in_forms, {"bomb", "no_text", "damaged"}),
    "PDF pages in a ring": (
        "plan.pdf",
        lambda: pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1>>"]),
        {"damaged", "bomb"},
    ),
    "a PDF array 100,000 deep": (
        "plan.pdf",
        lambda: pdf([b"<</Type/Catalog/X " + b"[" * 100_000 + b"]" * 100_000 + b"/Pages 2 0 R>>"]),
        {"damaged", "bomb"},
    ),
    "a picture of 50,000 by 50,000": ("plan.png", huge_picture, {"wrong_type"}),
    "the same, called a Word file": ("plan.docx", huge_picture, {"wrong_type", "damaged"}),
    "the same, called a PDF": ("plan.pdf", huge_picture, {"wrong_type", "damaged"}),
    "a PDF that is a zip, too": (
        "plan.pdf",
        lambda: page(stream("/FlateDecode", deflated(b"BT ET"))) + word_file(),
        {"wrong_type"},
    ),
    "a Word file behind a picture": ("plan.docx", lambda: b"GIF89a" + word_file(), {"damaged", "wrong_type"}),
    "a Word file behind a zip": (
        "plan.docx",
        lambda: b"PK\x03\x04" + bytes(26) + word_file(),
        {"wrong_type"},
    ),
    "a page behind a Word file": (
        "plan.docx",
        lambda: word_file() + b"<html><script>alert(1)</script>",
        {"wrong_type"},
    ),
    "a page in a text file's clothes": ("plan.html", lambda: b"<script>alert(1)</script>", {"wrong_type"}),
    "a part that climbs out": ("plan.docx", lambda: member("../../../etc/cron.d/x"), {"damaged"}),
    "a part from the root": ("plan.docx", lambda: member("/etc/passwd"), {"damaged"}),
    "a part of another system": ("plan.docx", lambda: member("C:\\Windows\\x.dll"), {"damaged"}),
    "macros": ("plan.docx", lambda: member("word/vbaProject.bin", b"macro"), {"wrong_type"}),
    "macros by its ending": ("plan.docm", lambda: member("word/vbaProject.bin", b"macro"), {"wrong_type"}),
    "macros by its type": ("plan.docx", macros_by_type, {"damaged", "wrong_type"}),
    "a template elsewhere": ("plan.docx", lambda: relations("attachedTemplate"), {"wrong_type"}),
    "a picture elsewhere": ("plan.docx", lambda: relations("image"), {"wrong_type"}),
    "an object elsewhere": ("plan.docx", lambda: relations("oleObject"), {"wrong_type"}),
    "the same in other quotes": ("plan.docx", lambda: relations("oleObject", quote="'"), {"wrong_type"}),
    "the same in UTF-16": ("plan.docx", lambda: relations("oleObject", encoding="utf-16"), {"wrong_type"}),
    "the same behind a megabyte": (
        "plan.docx",
        lambda: relations("frame", padding=200_000),
        {"wrong_type", "bomb"},
    ),
    "an old Word file": ("plan.docx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99, {"wrong_type"}),
    "the beginning of a zip": ("plan.docx", lambda: b"PK\x03\x04", {"damaged"}),
    "the beginning of a PDF": ("plan.pdf", lambda: b"%PDF-1.7", {"damaged"}),
    "a text without an end": ("plan.txt", lambda: b"a" * 19 * MEGABYTE, {"too_large"}),
    "21 MB": ("plan.txt", lambda: b"a " * 11 * MEGABYTE, {"too_large"}),
    "nothing": ("plan.docx", lambda: b"", {"empty"}),
}
