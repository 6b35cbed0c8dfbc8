"""Types of values that recipes may be given; in a module of their own, which does nothing else."""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections import namedtuple

from pydantic import BaseModel, ConfigDict, PrivateAttr

from abaw_pipeline.parts import Part

Point = namedtuple("Point", "x y")
Place = namedtuple("Place", "x y")


class Nested:
    class A(enum.Enum):
        X = 1

    class B(enum.Enum):
        X = 1


class Rights(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class IntRights(enum.IntFlag):
    READ = 1


class Level(int):
    def half(self):
        return self / 2


class Name(str):
    __slots__ = ()


class Names(list):
    pass


class Bag(dict):
    pass


@dataclasses.dataclass
class Noted:
    x: int = 1

    @functools.cached_property
    def later(self):
        return self.x + 1


class Keeping(Part):
    _kept: int = PrivateAttr(0)


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    x: int = 1


def _deco(function):
    @functools.wraps(function)
    def wrapped():
        return function() + 1

    return wrapped


def named() -> int:
    return 1


class Holder:
    def method(self):
        return 1

    @classmethod
    def made(cls):
        return cls()

    @staticmethod
    def alone():
        return 1


renamed = _deco(named)


def nested():
    def inner():
        return 1

    return inner
