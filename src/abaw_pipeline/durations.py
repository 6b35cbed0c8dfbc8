"""Lengths of time on the command line."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(context: click.Context, option: click.Parameter, value: str) -> float:
    """What 30m, 1h, 2d or a bare number of seconds stands for; a callback for click."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no length of time; write 30m, 1h, 2d, or 0", context, option)
    return float(found[1]) * _UNITS[found[2]]
