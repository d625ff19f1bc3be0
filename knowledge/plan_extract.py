"""Runs as a process of its own: the text of one uploaded file, under limits.

    python -I knowledge/plan_extract.py FILE

prints one JSON object, {"text": "…"} or {"reason": "…", "found": "…", "expected": "…"}. It imports
nothing of ours, so that it starts anywhere; `knowledge.plan_file` starts it and says what the reasons mean.
Here a file may try to take memory, time or the network (reliability.md §3): limits are set before a parser
is imported, and sockets and programs are refused.
"""

import json
import re
import resource
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_S = 4  # a plan of 60 dense pages takes one
MAX_DECLARED = 100 * 1024 * 1024  # of all members of a zip together
MAX_RATIO = 100
MAX_MEMBERS = 2000
MAX_PAGES = 300
MAX_STREAM = 16 * 1024 * 1024  # of one stream of a PDF, decoded
MAX_OPERATORS = 300_000  # of one page of a PDF; a dense one has a hundredth
MAX_FORMS = 500  # drawn by one page
MAX_RELATIONS = 4 * 1024 * 1024  # of one list of a Word file's parts
MAX_TEXT = 2_000_000  # characters; a long plan has a tenth of that

_NESTED = (".zip", ".docx", ".docm", ".xlsx", ".pptx", ".jar", ".7z", ".rar", ".gz", ".bz2", ".xz", ".zst")
_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22  # of the record at the end of a zip, when nobody has put a comment behind it
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class Refused(Exception):
    def __init__(self, reason: str, found: str, expected: str) -> None:
        super().__init__(reason)
        self.reason, self.found, self.expected = reason, found, expected


def main() -> None:
    path = Path(sys.argv[1])
    try:
        _limit()
        text = {".txt": read_txt, ".docx": read_docx, ".pdf": read_pdf}[path.suffix.lower()](path)
        answer = {"text": check_text(text)}
    except Refused as error:
        answer = {"reason": error.reason, "found": error.found, "expected": error.expected}
    except MemoryError:
        answer = {
            "reason": "bomb",
            "found": "a file that needs too much memory",
            "expected": "512 MB at most",
        }
    sys.stdout.buffer.write(json.dumps(answer).encode())


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, _arguments: Any) -> None:
    if event in ("socket.__new__", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
        raise PermissionError(f"{event} while reading an uploaded file")


def check_text(text: str) -> str:
    """Refuse texts without words and texts in an encoding from before Unicode."""
    text = unicodedata.normalize("NFC", text)
    letters = sum(character.isalpha() for character in text)
    if letters < 50:
        raise Refused("no_text", f"{letters} letters", "a text; a scanned page needs text recognition first")
    if len(text) > MAX_TEXT:
        raise Refused("too_large", f"{len(text)} characters", f"at most {MAX_TEXT}")
    if legacy := legacy_encoding(text):
        raise Refused(
            "legacy_encoding", f"letters of {legacy}", "Unicode (save it again with Times New Roman)"
        )
    return text


def legacy_encoding(text: str) -> str | None:
    """The name of the old Vietnamese font encoding that a text is written in, if it is.

    TCVN3 (ABC, .VnTime) and VNI show Vietnamese with letters of Western Europe in odd places; a text
    in Unicode has letters such as ế and ư everywhere instead.
    """
    letters = max(sum(character.isalpha() for character in text), 1)
    unicode_share = len(re.findall("[\u1ea0-\u1ef9ươăđƯƠĂĐ]", text)) / letters
    if unicode_share > 0.02:
        return None
    if len(re.findall("[µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬]", text)) / letters > 0.08:
        return "TCVN3 (ABC, .VnTime)"
    if len(re.findall("[aeouyAEOUY][ùøûõïâáàåäêéèëúüöôÙØÛÕÏÂÁÀÅÄÊÉÈËÚÜ]", text)) / letters > 0.04:
        return "VNI"
    return None


# --- Plain text -----------------------------------------------------------------------------------


def read_txt(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16")
    if b"\0" in data:
        raise Refused("wrong_type", "bytes that are not text", "a text file")
    return _decoded(data.removeprefix(b"\xef\xbb\xbf"), "utf-8")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        legacy = legacy_encoding(data.decode("latin-1"))
        found = (
            f"letters of {legacy}" if legacy else f"a byte that is not {encoding.upper()} at {error.start}"
        )
        raise Refused("legacy_encoding", found, "a text file saved as UTF-8") from error


# --- Word -----------------------------------------------------------------------------------------


def read_docx(path: Path) -> str:
    check_zip(path)
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        document = docx.Document(str(path))
    except (PackageNotFoundError, KeyError, ValueError, SyntaxError, zipfile.BadZipFile) as error:
        raise Refused(
            "damaged", f"a Word file that does not open ({type(error).__name__})", "a sound .docx"
        ) from error
    return "\n".join(_word_lines(document.element.body, Numbering(document)))


def check_zip(path: Path, main_part: str = "word/document.xml", kind: str = "a .docx") -> None:
    """Judge a zip by what it declares, before anything is unpacked."""
    try:
        members = zipfile.ZipFile(path).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refused("damaged", "a zip container that does not open", f"{kind} that is sound") from error
    if len(members) > MAX_MEMBERS:
        raise Refused("bomb", f"{len(members)} members", f"at most {MAX_MEMBERS}")
    declared = sum(member.file_size for member in members)
    if declared > MAX_DECLARED:
        raise Refused("bomb", f"{declared // 2**20} MB unpacked", f"at most {MAX_DECLARED // 2**20} MB")
    for member in members:
        if member.file_size > MAX_RATIO * max(member.compress_size, 1) and member.file_size > 2**16:
            found = f"{member.filename[:60]!r} packed {member.file_size // max(member.compress_size, 1)} to 1"
            raise Refused("bomb", found, f"at most {MAX_RATIO} to 1")
        name = member.filename.lower()
        if name.endswith(_NESTED):
            raise Refused("bomb", f"the member {member.filename[:60]!r}", "no archive within the archive")
        if ".." in name.split("/") or name.startswith("/") or "\\" in name or ":" in name:
            raise Refused("damaged", f"the member {member.filename[:60]!r}", f"names of parts of {kind}")
        if member.flag_bits & 1:
            raise Refused("encrypted", "a protected file", "a file without a password")
        if name.endswith("vbaproject.bin"):
            raise Refused("wrong_type", "a file with macros", f"{kind} without macros")
    names = {member.filename for member in members}
    if main_part not in names:
        raise Refused("wrong_type", "a zip that is another kind of file", kind)
    _check_edges(path, members)
    with zipfile.ZipFile(path) as archive:
        for member in members:
            _check_member(archive, member)


def _check_edges(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse what is a second file at the same time: something before the zip or behind it."""
    data = path.read_bytes()
    if (
        min(member.header_offset for member in members) != 0
        or data.rfind(_ZIP_END) != len(data) - _ZIP_END_BYTES
    ):
        raise Refused("wrong_type", "a zip with something before or behind it", "a file and nothing else")


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse archives by their first bytes, and parts that lie outside the file; plain links may stay."""
    if _read_member(archive, member, 8).startswith(_ARCHIVES):
        raise Refused("bomb", f"the archive {member.filename[:60]!r}", "no archive within the archive")
    if not member.filename.lower().endswith(".rels"):
        return
    if member.file_size > MAX_RELATIONS:
        raise Refused(
            "bomb", f"{member.filename[:60]!r} of {member.file_size} bytes", "a short list of parts"
        )
    from docx.oxml.parser import parse_xml  # resolves no entities

    try:
        relations = parse_xml(_read_member(archive, member))
    except SyntaxError as error:
        raise Refused("damaged", f"{member.filename[:60]!r}, which is no XML", "a sound file") from error
    for relation in relations:
        is_outside = relation.get("TargetMode", "").strip().lower() == "external"
        if is_outside and not relation.get("Type", "").endswith("/hyperlink"):
            raise Refused("wrong_type", "a part that lies outside the file", "a file of its own")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int = -1) -> bytes:
    try:
        with archive.open(member) as part:
            return part.read(most)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, zlib.error) as error:
        raise Refused(
            "damaged", f"{member.filename[:60]!r}, which does not unpack", "a sound file"
        ) from error


class Numbering:
    """What Word shows before the paragraphs of a numbered list, which their text does not hold."""

    def __init__(self, document: Any) -> None:
        self._counts: dict[tuple[str, int], int] = {}
        self._styles: dict[str, Any] = {}  # styles that number their paragraphs, by id
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}  # (format, text, start)
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return
        abstract = {node.get(f"{_WORD}abstractNumId"): node for node in root.iter(f"{_WORD}abstractNum")}
        for number in root.iter(f"{_WORD}num"):
            reference = number.find(f"{_WORD}abstractNumId")
            if reference is not None and (node := abstract.get(reference.get(f"{_WORD}val"))) is not None:
                self._levels[number.get(f"{_WORD}numId")] = dict(_numbering_levels(node))
        for style in document.styles.element.iter(f"{_WORD}style"):
            if (properties := style.find(f"{_WORD}pPr/{_WORD}numPr")) is not None:
                self._styles[style.get(f"{_WORD}styleId")] = properties

    def mark(self, paragraph: Any) -> str:
        properties = paragraph.find(f"{_WORD}pPr/{_WORD}numPr")
        if properties is None:
            style = _value(paragraph.find(f"{_WORD}pPr/{_WORD}pStyle"))
            properties = self._styles.get(style or "")
        if properties is None:
            return ""
        number, level = (_value(properties.find(f"{_WORD}{name}")) for name in ("numId", "ilvl"))
        levels = self._levels.get(number or "", {})
        at = int(level or 0)
        if at not in levels:
            return ""
        for key in [key for key in self._counts if key[0] == number and key[1] > at]:
            del self._counts[key]  # a new part starts its own parts again
        self._counts[number or "", at] = self._counts.get((number or "", at), levels[at][2] - 1) + 1
        if levels[at][0] == "bullet":
            return "- "
        return self._shown(number or "", at, levels) + " "

    def _shown(self, number: str, at: int, levels: dict[int, tuple[str, str, int]]) -> str:
        def count(match: re.Match[str]) -> str:
            level = int(match[1]) - 1
            form, _text, start = levels.get(level, ("decimal", "", 1))
            return _written(self._counts.get((number, level), start), form)

        return re.sub(r"%(\d)", count, levels[at][1])


def _numbering_levels(node: Any) -> Iterator[tuple[int, tuple[str, str, int]]]:
    for level in node.iter(f"{_WORD}lvl"):
        form = _value(level.find(f"{_WORD}numFmt")) or "decimal"
        text = _value(level.find(f"{_WORD}lvlText")) or ""
        start = int(_value(level.find(f"{_WORD}start")) or 1)
        yield int(level.get(f"{_WORD}ilvl") or 0), (form, text, start)


def _value(node: Any) -> str | None:
    value: str | None = None if node is None else node.get(f"{_WORD}val")
    return value


def _written(number: int, form: str) -> str:
    match form:
        case "upperRoman" | "lowerRoman":
            tens, ones = divmod(number, 10)
            text = "X" * tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]
            return text if form == "upperRoman" else text.lower()
        case "lowerLetter" | "upperLetter":
            letter = chr(ord("a") + (number - 1) % 26)
            return letter if form == "lowerLetter" else letter.upper()
        case _:
            return str(number)


def _word_lines(body: Any, numbering: Numbering) -> Iterator[str]:
    for node in body.iterchildren():
        if node.tag == f"{_WORD}p":
            yield from (numbering.mark(node) + _word_text(node)).split("\n")
        elif node.tag == f"{_WORD}tbl":
            yield from _word_table(node, numbering)
        elif node.tag == f"{_WORD}sdt":  # a content control around paragraphs
            inner = node.find(f"{_WORD}sdtContent")
            if inner is not None:
                yield from _word_lines(inner, numbering)


def _word_text(paragraph: Any) -> str:
    """The words of a paragraph as shown: without deleted text, boxes and their doubles."""
    parts: list[str] = []
    for node in paragraph.iter(f"{_WORD}t", f"{_WORD}tab", f"{_WORD}br", f"{_WORD}noBreakHyphen"):
        if any(_hides(above.tag) for above in node.iterancestors()):
            continue
        name = node.tag.removeprefix(_WORD)
        parts.append({"tab": "\t", "br": "\n", "noBreakHyphen": "-"}.get(name, node.text or ""))
    return "".join(parts)


def _hides(tag: str) -> bool:
    return tag.endswith(("}del", "}txbxContent", "}Fallback", "}tabs", "}moveFrom"))


def _word_table(table: Any, numbering: Numbering) -> Iterator[str]:
    """A row on a line, its cells between tabs; a table that only lays out the page, cell by cell."""
    rows = [[_cell(cell, numbering) for cell in row.iter(f"{_WORD}tc")] for row in table.iter(f"{_WORD}tr")]
    if len(rows) <= 2 and all(len(row) <= 3 for row in rows):
        for row in rows:
            for cell, _span in row:
                yield from cell
        return
    for row in rows:
        yield "\t".join("\t".join([" ".join(cell), *[""] * (span - 1)]) for cell, span in row)


def _cell(cell: Any, numbering: Numbering) -> tuple[list[str], int]:
    merged = cell.find(f"{_WORD}tcPr/{_WORD}vMerge")
    span = _value(cell.find(f"{_WORD}tcPr/{_WORD}gridSpan"))
    continues = merged is not None and _value(merged) != "restart"
    lines = [] if continues else [line.replace("\t", " ").strip() for line in _word_lines(cell, numbering)]
    return [line for line in lines if line], int(span or 1)


# --- PDF ------------------------------------------------------------------------------------------


def read_pdf(path: Path) -> str:
    import logging

    import pypdf
    from pypdf.errors import PdfReadError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it says about a bad file is not for people
    pypdf.overwrite_configuration(
        zlib_maximum_output_length=MAX_STREAM,
        lzw_maximum_output_length=MAX_STREAM,
        run_length_maximum_output_length=MAX_STREAM,
        brotli_maximum_output_length=MAX_STREAM,
        array_based_stream_maximum_output_length=MAX_STREAM,
        stream_decoding_work_maximum_length=4 * MAX_STREAM,
        stream_parsing_work_maximum_count=MAX_OPERATORS,
        xform_maximum_invocations_per_extraction=MAX_FORMS,
        jbig2dec_binary=None,  # no other program is started for a picture
    )
    if zipfile.is_zipfile(path):
        raise Refused("wrong_type", "a PDF that is a zip as well", "a .pdf and nothing else")
    try:
        reader = pypdf.PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused("encrypted", "a protected file", "a file without a password")
        if len(reader.pages) > MAX_PAGES:
            raise Refused("too_large", f"{len(reader.pages)} pages", f"at most {MAX_PAGES}")
        return "\f".join(_page_texts(reader.pages))
    except Refused:
        raise
    except MemoryError:
        raise
    except (
        PyPdfError,
        PdfReadError,
        RecursionError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        OSError,
    ) as error:
        bomb = "limit" in type(error).__name__.lower() or "limit" in str(error).lower()
        if bomb:
            raise Refused(
                "bomb", f"a PDF that unpacks to far more than a plan ({error})", "a plan"
            ) from error
        raise Refused(
            "damaged", f"a PDF that does not open ({type(error).__name__})", "a sound .pdf"
        ) from error


def _page_texts(pages: Iterable[Any]) -> Iterator[str]:
    characters = 0
    for page in pages:
        text = page.extract_text()
        characters += len(text)
        if characters > MAX_TEXT:
            raise Refused("too_large", f"more than {MAX_TEXT} characters", f"at most {MAX_TEXT}")
        yield text


if __name__ == "__main__":
    main()
