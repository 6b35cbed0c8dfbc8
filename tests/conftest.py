"""Fixtures that every test module may use."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, or a skip that says how to name it."""
    folder = Path(os.environ.get("ABAW_REAL_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real data: set ABAW_REAL_DATA to the folder that holds it")
    return folder
