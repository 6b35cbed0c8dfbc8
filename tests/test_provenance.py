"""What a stored dataset was made under, and what of it counts."""

from kedro.pipeline import Node, Pipeline

from abaw_pipeline.provenance import Provenance


def _make(*values: object) -> object:
    return values


WHOLE = Pipeline(
    [
        Node(_make, ["params:demo_corpus", "params:systems"], "demo_corpus", name="make_demo_corpus"),
        Node(_make, ["demo_corpus", "params:corpora", "params:execution"], "clips", name="list_clips"),
        Node(_make, ["clips", "params:systems"], "posteriors", name="predict"),
    ]
)
TREE = {
    "demo_corpus": {"path": "a", "settings": {"seed": 1}},
    "corpora": {"demo": {"path": "a"}},
    "systems": {"run": ["svm"]},
    "execution": {"workers": 2},
}


def _differences(tmp_path, name: str, **changed: object) -> list[str]:
    Provenance(tmp_path / "made.json", WHOLE, TREE).remember([name])
    return Provenance(tmp_path / "made.json", WHOLE, TREE | changed).differences(name)


def test_a_parameter_behind_any_ancestor_counts_and_is_named(tmp_path) -> None:
    changed = {"demo_corpus": {"path": "a", "settings": {"seed": 2}}}
    assert _differences(tmp_path, "posteriors", **changed) == ["demo_corpus.settings.seed: 1, now 2"]


def test_places_workers_and_parameters_of_others_do_not_count(tmp_path) -> None:
    moved = {"corpora": {"demo": {"path": "b"}}, "execution": {"workers": 1}, "seed": 3}
    assert _differences(tmp_path, "posteriors", **moved) == []


def test_what_only_decides_whether_a_demo_is_needed_makes_no_clip_stale(tmp_path) -> None:
    changed = {"systems": {"run": ["lda"]}}
    assert _differences(tmp_path, "clips", **changed) == []
    assert _differences(tmp_path, "posteriors", **changed) == ['systems.run: ["svm"], now ["lda"]']


def test_the_node_whose_sections_are_left_out_exists() -> None:
    from abaw_pipeline.pipeline_registry import register_pipelines
    from abaw_pipeline.provenance import WHETHER

    nodes = {node.name: set(node.inputs) for node in register_pipelines()["__default__"].nodes}
    for name, sections in WHETHER.items():
        assert {f"params:{section}" for section in sections} <= nodes[name]


def test_fusions_may_change_without_a_system_being_stale(tmp_path) -> None:
    """`kedro run --pipelines=fusion --params fusion.methods.mcwf.pool=500` goes by what is stored."""
    from abaw_pipeline.pipeline_registry import register_pipelines

    whole, pool = register_pipelines()["__default__"], ["fusion.methods.mcwf.pool: null, now 500"]

    def differences(name: str) -> list[str]:
        before, now = ({"fusion": {"methods": {"mcwf": each}}} for each in ({}, {"pool": 500}))
        Provenance(tmp_path / "made.json", whole, before).remember([name])
        return Provenance(tmp_path / "made.json", whole, now).differences(name)

    for name in ("folds", "sound_systems", "face_systems", "sound_posteriors", "face_posteriors"):
        assert differences(name) == []
    for name in ("fusion_weights", "fusion_fits", "fused_posteriors", "metrics", "report"):
        assert differences(name) == pool
