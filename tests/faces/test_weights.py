"""Weights are used only when they are the ones that were asked for."""

import hashlib
import pickle
from pathlib import Path

import pytest

from abaw_pipeline.errors import PipelineError
from abaw_pipeline.faces.weights import FOLDER, WEIGHTS, WeightsError, WeightsFacts, require

FACTS = WeightsFacts(
    what="a network", file="net.bin", source="https://example.org/net.bin", licence="MIT", remark="Old."
)
DIGEST = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "net.bin").write_bytes(b"weights")
    return tmp_path / "net.bin"


def test_the_file_that_was_asked_for(path: Path) -> None:
    assert require(str(path), DIGEST, FACTS) == path
    assert require(str(path), DIGEST.upper(), FACTS) == path
    known = WeightsFacts(what="a network", file="net.bin", source="x", licence="MIT", sha256=DIGEST)
    assert require(str(path), "", known) == path


def test_a_missing_file_says_what_to_fetch_and_where_to_put_it(tmp_path: Path) -> None:
    for place in (tmp_path / "net.bin", tmp_path):
        with pytest.raises(WeightsError) as caught:
            require(str(place), DIGEST, FACTS)
        for part in ("net.bin", FACTS.source, "MIT", str(place)):
            assert part in str(caught.value)
    assert isinstance(caught.value, PipelineError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_another_content_names_both_digests(path: Path) -> None:
    path.write_bytes(b"weights, cut sho")
    with pytest.raises(WeightsError) as caught:
        require(str(path), DIGEST, FACTS)
    assert DIGEST in str(caught.value)
    assert hashlib.sha256(b"weights, cut sho").hexdigest() in str(caught.value)


def test_the_user_s_digest_comes_before_the_registry_s(path: Path) -> None:
    known = WeightsFacts(what="a network", file="net.bin", source="x", licence="MIT", sha256=DIGEST)
    with pytest.raises(WeightsError, match="0" * 64):
        require(str(path), "0" * 64, known)


def test_without_a_digest_nothing_is_used_but_it_is_shown(path: Path) -> None:
    with pytest.raises(WeightsError, match=DIGEST):
        require(str(path), "", FACTS)


@pytest.mark.parametrize("name", WEIGHTS)
def test_facts_are_complete(name: str) -> None:
    facts = WEIGHTS[name]
    assert all((facts.what, facts.file, facts.source, facts.licence))
    assert facts.path == f"{FOLDER}/{facts.file}"
    assert (len(facts.sha256) == 64 and set(facts.sha256) <= set("0123456789abcdef")) or facts.remark
