import sys

import pytest

from abaw_pipeline.artifacts.sources import find_source, is_first_party


@pytest.mark.parametrize("root", ["numpy", "json", "sys", "pytest", "kedro", "made_nowhere", ""])
def test_what_is_installed_is_not_ours(root):
    assert not is_first_party(root)


@pytest.mark.parametrize("root", ["abaw_pipeline", "tests"])
def test_what_is_worked_on_is(root):
    assert is_first_party(root)


def test_source_of_a_module_and_of_a_package():
    assert find_source("abaw_pipeline.artifacts.sources").name == "sources.py"
    assert find_source("abaw_pipeline.artifacts").name == "__init__.py"
    assert find_source("abaw_pipeline.artifacts.sources.find_source") is None


def test_heavy_libraries_are_not_imported_by_asking(monkeypatch):
    monkeypatch.delitem(sys.modules, "xmlrpc", raising=False)
    monkeypatch.delitem(sys.modules, "xmlrpc.client", raising=False)
    assert find_source("xmlrpc.client") is None
    assert "xmlrpc" not in sys.modules
