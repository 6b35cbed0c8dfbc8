"""What the pages of judged videos share: templates, colors, times, pictures as text."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from abaw_pipeline.report import palette

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@functools.cache
def environment() -> Environment:
    """This package's templates and the report's, all escaped, an unknown name being an error."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    packages = ("abaw_pipeline.inference", "abaw_pipeline.report")
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "templates") for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def look() -> str:
    """Digest of all templates: pages that are kept must be made anew when one of them changes."""
    loader = environment().loader
    assert loader is not None
    sources = [loader.get_source(environment(), name)[0] for name in sorted(loader.list_templates())]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def render(template: str, values: Mapping[str, Any]) -> str:
    """A whole page."""
    style = {
        "light": palette.variables(palette.LIGHT),
        "dark": palette.variables(palette.DARK),
        "steps": palette.STEPS,
        "hues": palette.HUES,
        "percent": whole_percent,
    }
    return environment().get_template(template).render(style | dict(values)) + "\n"


def drawn(template: str, label: str, height: int, values: Mapping[str, Any], width: int = 1078) -> Markup:
    """A figure for a page: SVG, as wide as there is room up to `width` pixels."""
    from markupsafe import Markup

    frame = {"alone": False, "style": "", "label": label, "height": height, "width": width}
    return Markup(environment().get_template(template).render(**frame, **values))  # noqa: S704 (the template escapes)


def uri(data: bytes, kind: str) -> str:
    """Bytes as an address that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def clock(seconds: float, length: float) -> str:
    """A moment of a video that lasts `length` seconds: "4.2 s", "1:05", "1:02:03"."""
    if length < 20:
        return f"{round(seconds, 1):g} s"
    whole = int(seconds + 0.5)
    minutes = f"{whole // 60 % 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{minutes.zfill(5)}" if length >= 3600 else minutes


def stretch(start: float, end: float, length: float) -> str:
    """A stretch of a video: "4.2 to 6 s", "1:05 to 2:10"."""
    first, last = clock(start, length), clock(end, length)
    return f"{first.removesuffix(' s')} to {last}" if first != last else f"at {last}"


def whole_percent(share: float) -> str:
    """A share in words: "62%", but "under 1%" and never a false 100%."""
    if 0 < share < 0.01:
        return "under 1%"
    return f"{min(round(100 * share), 99) if share < 1 - 1e-9 else 100}%"
