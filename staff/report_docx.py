"""The Word file of a report: the commune's own template, or ours, filled."""

import json
import os
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from knowledge.phrases import Phrases
from knowledge.plan_file import PlanFileError, read_plan_upload
from staff.report_context import Context
from staff.report_render import FAULT_EXIT, TemplateFault, render
from staff.report_template import default_template

MAX_TEMPLATE = 2 * 1024 * 1024
WALL_S = 30.0
NEEDED = frozenset({"tom_tat", "bang_tong_hop"})  # without them it is no template of ours

_PROGRAM = Path(__file__).with_name("report_render.py")


@lru_cache(maxsize=2)
def shipped_template(phrases: Phrases) -> bytes:
    return default_template(phrases)


def report_docx(context: Context, phrases: Phrases, template: bytes | None = None) -> bytes:
    """Blocks: use a thread. Raises `TemplateFault`, which our own template never does."""
    if template is None:
        return render(shipped_template(phrases), context)
    return _render_apart(template, context)


def check_template(name: str, content: BinaryIO, context: Context) -> bytes:
    """What somebody gives back as their template, once it fills; raises `TemplateFault`. Blocks.

    `context` is an example. The file is judged as an uploaded plan is: its size, what it unpacks to, macros,
    parts that lie outside.
    """
    data = content.read(MAX_TEMPLATE + 1)
    if len(data) > MAX_TEMPLATE:
        raise TemplateFault("too_large", name)
    if not name.lower().endswith(".docx"):
        raise TemplateFault("wrong_type", name)
    try:
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.seek(0)
            read_plan_upload(name, file)
    except PlanFileError as error:
        raise TemplateFault(error.reason, error.found) from error
    _render_apart(data, context, needed=NEEDED)
    return data


def _render_apart(template: bytes, context: Context, *, needed: frozenset[str] = frozenset()) -> bytes:
    """In a process with limits: the template is somebody's program."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.docx"
        path.write_bytes(template)
        try:
            done = subprocess.run(  # noqa: S603 - our own program, without a shell
                [sys.executable, "-I", "-B", str(_PROGRAM), str(path), *sorted(needed)],
                cwd=folder,
                env={"PATH": os.defpath, "PYTHONIOENCODING": "utf-8", "HOME": folder},
                input=json.dumps(context).encode(),
                capture_output=True,
                timeout=WALL_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TemplateFault("limits", f"{WALL_S:g} s") from error
    if done.returncode == 0:
        return done.stdout
    if done.returncode == FAULT_EXIT:
        fault = json.loads(done.stderr)
        raise TemplateFault(fault["reason"], fault["found"])
    raise TemplateFault("limits", f"exit {done.returncode}")
