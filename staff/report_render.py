"""A Word template and what goes into it → the Word file. Also a program, for templates of other people.

    python -I staff/report_render.py TEMPLATE < context.json > report.docx

A template is a small program: in a process of its own it gets limits on memory and time and no network, and
it may not reach into Python (Jinja's sandbox). This file imports nothing of ours, so that it starts anywhere;
`staff.report_docx` starts it. What cannot be rendered is one JSON object on standard error.
"""

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

MEMORY = 1024 * 1024 * 1024
CPU_S = 20
FAULT_EXIT = 3

_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # no XML file may hold these


_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARAGRAPH, _TEXT = f"{_WORD}p", f"{_WORD}t"


class TemplateFault(Exception):
    """Why a template cannot be used: 'unknown' or 'missing' (a name), 'syntax', 'limits', 'damaged'."""

    def __init__(self, reason: str, found: str) -> None:
        super().__init__(f"{reason}: {found}")
        self.reason, self.found = reason, found


def render(template: bytes, context: dict[str, Any], *, needed: frozenset[str] = frozenset()) -> bytes:
    """The filled file; `context` holds texts, lists and dicts of texts. Raises `TemplateFault`.

    Every name of `needed` must stand in the template.
    """
    from docxtpl import DocxTemplate
    from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    try:
        document = DocxTemplate(io.BytesIO(template))
        document.init_docx()
        _check_closed(document.docx)
        names = document.get_undeclared_template_variables(environment)
        if missing := sorted(needed - names):
            raise TemplateFault("missing", missing[0])
        if unknown := sorted(names - context.keys()):
            raise TemplateFault("unknown", unknown[0])
        document.render(_marked(context), environment, autoescape=True)
        file = io.BytesIO()
        document.save(file)
    except TemplateFault:
        raise
    except UndefinedError as error:
        raise TemplateFault("unknown", str(error)) from error
    except TemplateSyntaxError as error:
        raise TemplateFault("syntax", _near(error)) from error
    except TemplateError as error:
        raise TemplateFault("syntax", str(error)) from error
    except (MemoryError, OverflowError, RecursionError) as error:
        raise TemplateFault("limits", type(error).__name__) from error
    except Exception as error:  # the file is somebody else's: python-docx and lxml fail in many ways
        raise TemplateFault("damaged", type(error).__name__) from error
    return file.getvalue()


def _marked(value: Any) -> Any:
    """Every text as XML that says exactly this text."""
    from markupsafe import Markup, escape

    if isinstance(value, dict):
        return {key: _marked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_marked(each) for each in value]
    text = str(escape(_FORBIDDEN.sub("", value)))
    # docxtpl turns "{_{" into "{{" after it has filled the file, to let templates speak of tags.
    return Markup(text.replace("{_", "{&#95;").replace("_}", "&#95;}"))  # noqa: S704  # nosec B704 - escaped


def _check_closed(document: Any) -> None:
    """A tag that is not closed in its paragraph would swallow what follows, and nothing would tell."""
    for paragraph in document.element.body.iter(_PARAGRAPH):
        text = "".join(node.text or "" for node in paragraph.iter(_TEXT))
        if any(text.count(opened) != text.count(closed) for opened, closed in (("{{", "}}"), ("{%", "%}"))):
            raise TemplateFault("syntax", text[:120])


def _near(error: Any) -> str:
    """The words around a mistake, as they stand in the file."""
    lines = [line.strip() for line in getattr(error, "docx_context", ()) if line.strip()]
    tags = [line for line in lines if "{%" in line or "{{" in line]
    return f"{error.message}: {(tags or lines or [''])[-1][:120]}"


def main() -> None:
    template = Path(sys.argv[1]).read_bytes()
    needed = frozenset(sys.argv[2:])
    context = json.load(sys.stdin)
    _limit()
    try:
        filled = render(template, context, needed=needed)
    except TemplateFault as fault:
        json.dump({"reason": fault.reason, "found": fault.found}, sys.stderr)
        sys.exit(FAULT_EXIT)
    sys.stdout.buffer.write(filled)


def _limit() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # what it makes goes to a pipe
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, _arguments: Any) -> None:
    if event in ("socket.__new__", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
        raise PermissionError(f"{event} while filling a template")


if __name__ == "__main__":
    main()
