"""What kedro-viz shows beside a dataset: its description, a few rows, a picture.

Kedro-viz has no field for a description, so every preview begins with it, also that of a dataset not made yet.
Kedro-viz lets only harmless HTML through, then reads what is left as a kind of Markdown: `_`, `*` and brackets mean
something there even inside a table, and a line break becomes a `<br>`. `escape` sees to all of that.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kedro_datasets._typing import HTMLPreview

NARROW = 350
"""Pixels that the side panel shows without scrolling."""

_STYLE = (
    "<style>.html-renderer{width:auto;max-height:none;overflow:visible;line-height:1.45}"
    ".html-renderer table{width:auto;margin:8px 0;font-size:12px}.html-renderer td,.html-renderer th{padding:3px 8px;"
    "white-space:nowrap;vertical-align:top;border-color:#8885}.html-renderer td img{height:48px;display:block}"
    f".html-renderer p,.html-renderer pre,.html-renderer>img{{max-width:{NARROW}px}}"
    ".html-renderer p{margin:0 0 6px}.html-renderer pre{white-space:pre-wrap;font-size:12px}"
    ".html-renderer>img{display:block;margin:8px 0;background:white}"
    "[class$=markdown] .html-renderer{max-width:92vw;max-height:90vh;overflow:auto}"
    "[class$=markdown] .html-renderer>img,[class$=markdown] .html-renderer p{max-width:85vw}</style>"
)
# U+2028 ends what that Markdown takes for one line; in an attribute the browser does not show it, and between two
# points the filter does not trim it away
_STOP = "<span title='.\u2028.'></span>"
_LONGEST = 80


def panel(metadata: Mapping[str, Any] | None, *parts: str) -> HTMLPreview:
    """The description in a dataset's metadata, then the parts (HTML)."""
    said = str((metadata or {}).get("description", ""))
    sentence = f"{said[:1].upper()}{said[1:]}." if said else ""
    # the style stands behind other content: at the very beginning the filter of kedro-viz drops it
    return HTMLPreview("".join((note(sentence), _STYLE, *parts)))


def note(text: str) -> str:
    """A line of text."""
    return f"<p>{escape(text)}</p>"


def code(text: str) -> str:
    """A text with its line breaks and indents."""
    lines = [f"{'&#160;' * (len(line) - len(line.lstrip()))}{escape(line)}" for line in text.splitlines()]
    return f"<pre>{'<br>'.join(lines)}</pre>"


def table(columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under their columns' names; JPEG and PNG bytes are shown as pictures."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><tbody><tr>{head}</tr>{body}</tbody></table>"


def picture(content: bytes, kind: str = "jpeg") -> str:
    """A picture by its bytes; kind: jpeg, png or svg+xml."""
    return f'<img src="data:image/{kind};base64,{base64.b64encode(content).decode()}">'


def escape(text: str) -> str:
    """A text that neither HTML nor the Markdown of kedro-viz takes for more than it is."""
    plain = html.escape(" ".join(text.split())).replace("`", "&#8242;").replace("|", "&#8739;")
    return "".join(f"{letter}{_STOP}" if letter in "_*]" else letter for letter in plain)


def _cell(value: Any) -> str:
    if isinstance(value, Mapping) and isinstance(value.get("bytes"), bytes):  # Hugging Face's form of an image
        value = value["bytes"]
    if isinstance(value, bytes):
        kind = {b"\xff\xd8": "jpeg", b"\x89P": "png"}.get(value[:2])
        return picture(value, kind) if kind and len(value) < 200_000 else f"{len(value):,} bytes"
    if isinstance(value, list | tuple) and len(value) > 3:
        return escape(f"[{len(value)}] {' '.join(map(_short, value[:3]))} …")
    return escape(_short(value))


def _short(value: Any) -> str:
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
