"""CREMA-D by its file names and its raters' tables: counts, filters, ties, and what is wrong with files."""

import shutil
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from abaw_pipeline.corpora.cremad import Cremad
from abaw_pipeline.corpora.cremad_names import clip_name, published
from abaw_pipeline.corpora.cremad_tables import COUNTS, DEMOGRAPHICS, LETTERS, SUMMARY, read_ratings
from abaw_pipeline.corpora.listing import list_corpora
from abaw_pipeline.corpora.tables import read_table
from abaw_pipeline.corpora.union import AnyCorpus
from abaw_pipeline.errors import CorpusError

ANGRY, SAD, CALM = "1001_IEO_ANG_HI", "1001_DFA_SAD_XX", "1002_DFA_NEU_XX"
SUMMARY_HEADER = '"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"'
SUMMARY_ROWS = [
    f'"1","{ANGRY}","A","70","A","60","A","80"',
    f'"2","{SAD}","N","50","F:S"," 59.99:80","D:F","1:2"',
    f'"3","{CALM}","N","90","N","59.99","N","9"',
]
COUNTS_HEADER = '"","A","D","F","H","N","S","fileName","numResponses"'
COUNTS_ROWS = [
    *(f'"100001",6,0,0,0,4,0,"{ANGRY}",10', f'"200001",9,1,0,0,0,0,"{ANGRY}",10', f'"300001",9,1,0,0,0,0,"{ANGRY}",10'),
    *(f'"100002",0,0,0,0,9,1,"{SAD}",10', f'"200002",0,0,5,0,0,5,"{SAD}",10', f'"300002",0,5,5,0,0,0,"{SAD}",10'),
    *(f'"100003",0,0,0,0,9,0,"{CALM}",9', f'"200003",0,0,0,0,4,4,"{CALM}",8', f'"300003",0,1,0,0,1,0,"{CALM}",2'),
]
PEOPLE_HEADER = '"ActorID","Age","Sex","Race","Ethnicity"'
PEOPLE_ROWS = ['1001,51,"Male","Caucasian","Not Hispanic"', '1002,21,"Female","Asian","Not Hispanic"']


def put(root, *names, content=b""):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def write(path, header, rows, encoding="utf-8", newline="\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((newline.join([header, *rows]) + newline).encode(encoding))


@pytest.fixture
def corpus(tmp_path):
    """Three clips with all tables."""
    root = tmp_path / "CREMA-D"
    put(root, *(f"AudioWAV/{stem}.wav" for stem in (ANGRY, SAD, CALM)))
    write(root / "processedResults" / SUMMARY, SUMMARY_HEADER, SUMMARY_ROWS)
    write(root / "processedResults" / COUNTS, COUNTS_HEADER, COUNTS_ROWS)
    write(root / DEMOGRAPHICS, PEOPLE_HEADER, PEOPLE_ROWS)
    return root


def entries(root, **parameters):
    return Cremad(path=str(root), **parameters).entries("c")


def labels(listing):
    return {clip.clip_id.removeprefix("c/"): clip.label for clip in listing.clips}


def odd_notes(listing):
    """Notes but for those that all small corpora have."""
    usual = ("clips are missing", "the sex of actor")
    return [note for note in listing.notes if not any(text in note for text in usual)]


def test_name_and_table_tell_all_of_a_clip(corpus):
    found = entries(corpus)
    clip = found.clips[1]
    assert (clip.clip_id, clip.subject, clip.label, clip.sex) == (f"c/{ANGRY}", "c/1001", "anger", "m")
    assert clip.media == str(corpus / "AudioWAV" / f"{ANGRY}.wav")
    assert clip.extra == {
        **{"sentence": "IEO", "intended": "anger", "intensity": "high"},
        **{"age": "51", "race": "Caucasian", "ethnicity": "Not Hispanic"},
    }
    assert [clip.sex for clip in found.clips] == ["m", "m", "f"]
    assert f"7439 of the corpus's {len(published())} clips are missing" in " ".join(found.notes)


@pytest.mark.parametrize("layout", ["AudioWAV/{}.wav", "audiowav/{}.WAV", "{}.wav", "AudioWAV/{}.flac"])
def test_layouts_and_spellings_give_the_same_clips(tmp_path, layout):
    put(tmp_path, layout.format(ANGRY), layout.format(SAD.lower()))
    assert labels(entries(tmp_path)) == {ANGRY: "anger", SAD: "sadness"}


def test_the_modality_chooses_files_and_what_lacks_the_other_is_noted(corpus):
    put(corpus, f"VideoFlash/{ANGRY}.flv", "VideoFlash/1003_DFA_HAP_XX.mp4", f"AudioMP3/{SAD}.mp3")
    sound, video = entries(corpus), entries(corpus, modality="video")
    assert list(labels(sound)) == [SAD, ANGRY, CALM]
    assert [clip.media.rpartition("/")[2] for clip in video.clips] == [f"{ANGRY}.flv", "1003_DFA_HAP_XX.mp4"]
    for listing in (sound, video):
        assert odd_notes(listing) == [
            f"2 clips are there only as audio: {SAD}, {CALM}",
            "1 clips are there only as video: 1003_DFA_HAP_XX",
        ]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"label": "voice"}, {ANGRY: "anger", SAD: "neutral", CALM: "neutral"}),
        ({"label": "face"}, {ANGRY: "anger", CALM: "neutral"}),
        ({"label": "face", "ties": "intended_if_among"}, {ANGRY: "anger", SAD: "sadness", CALM: "neutral"}),
        ({"label": "multimodal", "ties": "intended_if_among"}, {ANGRY: "anger", CALM: "neutral"}),
        ({"min_level": {"face": 60}}, {ANGRY: "anger", SAD: "sadness"}),
        ({"min_level": {"face": 60.5}}, {SAD: "sadness"}),
        ({"min_level": {"face": 0, "voice": 90}}, {CALM: "neutral"}),
        ({"min_agreement": {"voice": 0.6}}, {ANGRY: "anger", CALM: "neutral"}),
        ({"min_agreement": {"face": 0.5}}, {ANGRY: "anger", SAD: "sadness", CALM: "neutral"}),
        ({"min_agreement": {"face": 0.5, "multimodal": 0.5}}, {ANGRY: "anger", CALM: "neutral"}),
        ({"min_agreement": {"face": 0.5}, "label": "face"}, {ANGRY: "anger", CALM: "neutral"}),
        ({"drop_classes": ["sadness"]}, {ANGRY: "anger", CALM: "neutral"}),
    ],
)
def test_labels_and_filters(corpus, parameters, expected):
    found = entries(corpus, **parameters)
    assert labels(found) == expected
    assert found.failures == []
    assert len(odd_notes(found)) == (len(expected) < 3)


def test_a_clip_that_several_parameters_leave_out_is_counted_once(corpus):
    found = entries(corpus, label="face", min_level={"voice": 60}, min_agreement={"face": 0.9})
    assert labels(found) == {ANGRY: "anger"}
    assert odd_notes(found) == [
        "1 of 3 clips are left out by min_level: {voice: 60}",
        "1 of 3 clips are left out by min_agreement: {face: 0.9}",
    ]


def test_filters_that_leave_nothing_are_an_error_that_names_them(corpus):
    with pytest.raises(CorpusError, match=r"none of the clips.*3 of 3 clips are left out by min_level: \{face: 99\}"):
        entries(corpus, min_level={"face": 99})


@pytest.mark.parametrize(
    "parameters",
    [
        *({"min_level": {"fase": 60}}, {"min_level": {"face": 101}}, {"min_agreement": {"face": 60}}),
        *({"ties": "first"}, {"label": "audio"}, {"modality": "audio_video"}, {"drop_classes": ["angry"]}),
    ],
)
def test_parameters_that_mean_nothing_are_refused(parameters):
    with pytest.raises(ValidationError):
        Cremad(path="x", **parameters)


def test_tables_are_needed_only_by_what_asks_for_them(corpus):
    shutil.rmtree(corpus / "processedResults")
    (corpus / DEMOGRAPHICS).unlink()
    found = entries(corpus)
    assert len(found.clips) == 3
    assert {clip.sex for clip in found.clips} == {None}
    assert any(f"no {DEMOGRAPHICS}" in note for note in found.notes)
    for parameters, table in [({"label": "face"}, SUMMARY), ({"min_level": {"face": 1}}, SUMMARY)]:
        with pytest.raises(CorpusError, match=f"no {table}"):
            entries(corpus, **parameters)
    with pytest.raises(CorpusError, match=f"no {COUNTS}"):
        entries(corpus, min_agreement={"face": 0.1})


def test_tables_above_the_folder_are_pointed_at(corpus):
    assert len(entries(corpus / "AudioWAV").clips) == 3
    with pytest.raises(CorpusError, match=f"Set path to {corpus}") as caught:
        entries(corpus / "AudioWAV", label="face")
    assert SUMMARY in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_as_spreadsheets_write_them(corpus, encoding):
    rows = [row.replace(",", ";").replace(".", ",") for row in SUMMARY_ROWS]
    rows[0] = rows[0].replace(ANGRY, f"VideoFlash\\{ANGRY.lower()}.flv")
    folder = corpus / "PROCESSEDRESULTS"
    (corpus / "processedResults").rename(folder)
    (folder / SUMMARY).unlink()
    write(folder / SUMMARY.upper(), SUMMARY_HEADER.replace(",", ";"), rows, encoding, "\r\n")
    assert labels(entries(corpus, min_level={"face": 60})) == {ANGRY: "anger", SAD: "sadness"}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f'"3","{CALM}","N","90","X","59","N","9"', "face vote is 'X'"),
        (f'"3","{CALM}","N","90","","","N","9"', "face vote is ''"),
        (f'"3","{CALM}","N","90","N","59:60","N","9"', "its level '59:60'"),
        (f'"3","{CALM}","N","90","N:N","59:60","N","9"', "face vote is 'N:N'"),
        (f'"3","{CALM}","N","90","N","nan","N","9"', "its level 'nan'"),
        (f'"3","{CALM}","N","90","N","101","N","9"', "its level '101'"),
        (f'"3","{CALM}","N","90"', "4 fields"),
        (SUMMARY_ROWS[2] + "\n" + SUMMARY_ROWS[2], "rows 4, 5 are all about"),
        ('"3","1003_DFA_NEU_XX","N","90","N","59","N","9"', f"no row is about {CALM}"),
    ],
)
def test_a_clip_of_which_the_votes_tell_nothing_usable_is_quarantined(corpus, row, problem):
    write(corpus / "processedResults" / SUMMARY, SUMMARY_HEADER, [*SUMMARY_ROWS[:2], row])
    found = entries(corpus, label="face")
    assert labels(found) == {ANGRY: "anger"}
    (failure,) = found.failures
    assert failure.key == f"c/{CALM}"
    assert SUMMARY in failure.message
    assert problem in failure.message


@pytest.mark.parametrize("counts", ["0,0,0,0,0,0", "x,0,0,0,1,0", "-1,0,0,0,1,0", ",0,0,0,1,0", "1e999,0,0,0,1,0"])
def test_counts_that_are_none_are_quarantined(corpus, counts):
    rows = [row.replace('"200003",0,0,0,0,4,4', f'"200003",{counts}') for row in COUNTS_ROWS]
    write(corpus / "processedResults" / COUNTS, COUNTS_HEADER, rows)
    found = entries(corpus, min_agreement={"face": 0.4})
    assert [failure.key for failure in found.failures] == [f"c/{CALM}"]
    assert f"{COUNTS}, row 9" in found.failures[0].message


def test_rows_about_nothing_known_are_noted(corpus):
    stranger = '"4","1001_DFA_ANG_HI","A","70","A","60","A","80"'  # only IEO has levels
    write(corpus / "processedResults" / SUMMARY, SUMMARY_HEADER, [*SUMMARY_ROWS, stranger])
    rows = [*COUNTS_ROWS, f'"400003",0,0,0,0,9,0,"{CALM}",9', f'"2",0,0,0,0,9,0,"{CALM}",9']
    write(corpus / "processedResults" / COUNTS, COUNTS_HEADER, rows)
    found = entries(corpus, label="voice", min_agreement={"voice": 0})
    assert odd_notes(found) == [
        f"{SUMMARY}: 1 rows are about nothing known: row 5",
        f"{COUNTS}: 2 rows are about nothing known: row 11, row 12",
    ]


@pytest.mark.parametrize("name", [SUMMARY, COUNTS])
def test_a_table_without_its_columns_is_an_error_of_the_whole(corpus, name):
    write(corpus / "processedResults" / name, '"FileName","Vote"', [f'"{ANGRY}","A"'])
    with pytest.raises(CorpusError, match="no column"):
        entries(corpus, label="face", min_agreement={"face": 0})


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('1001,51,"Unknown","",""', "sex is 'Unknown'"),
        ("1001,51", "2 fields"),
        ("\n".join(PEOPLE_ROWS[:1] * 2), "rows 2, 3 are all about 1001"),
        ('"1092",51,"Male","",""', "no row is about 1001"),
    ],
)
def test_actors_of_whom_the_table_tells_nothing_usable_are_noted(corpus, row, problem):
    write(corpus / DEMOGRAPHICS, PEOPLE_HEADER, [row, PEOPLE_ROWS[1]])
    found = entries(corpus)
    assert [clip.sex for clip in found.clips] == [None, None, "f"]
    (note,) = [note for note in found.notes if "actor 1001" in note]
    assert problem in note


@pytest.mark.parametrize(
    "stem",
    [
        *("1092_DFA_ANG_XX", "1000_DFA_ANG_XX", "1001_XXX_ANG_XX", "1001_DFA_JOY_XX", "1001_DFA_ANG_HI"),
        *("1001_IEO_ANG_XX", "1001_IEO_NEU_LO", "1008_WSI_ANG_XX", "1002_TIE_NEU_XX", "1001_DFA_ANG"),
        *("1001_DFA_ANG_XX_copy", "1001-DFA-ANG-XX", "٠٠01_DFA_ANG_XX", "caf\udce9"),
    ],
)
def test_a_name_that_breaks_the_rules_is_quarantined(corpus, stem):
    put(corpus, f"AudioWAV/{stem}.wav")
    found = entries(corpus)
    assert len(found.clips) == 3
    (failure,) = found.failures
    assert failure.key == f"c/AudioWAV/{stem}.wav".encode(errors="backslashreplace").decode()
    assert "none that CREMA-D has" in failure.message
    list_corpora({"c": Cremad(path=str(corpus))})  # the row can be stored


def test_one_clip_in_several_files_and_pointers_are_quarantined(corpus):
    put(corpus, f"{ANGRY}.wav", "AudioWAV/._1001_DFA_DIS_XX.wav")
    put(corpus, f"AudioWAV/{SAD}.wav", content=b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    found = entries(corpus)
    assert list(labels(found)) == [CALM]
    assert [failure.key for failure in found.failures] == [f"c/{SAD}", f"c/{ANGRY}"]
    assert "git lfs pull" in found.failures[0].message
    assert "several files" in found.failures[1].message


@pytest.mark.parametrize("given", ["..", "AudioMP3", "processedResults", "../other/empty"])
def test_a_root_on_another_level_is_an_error_that_names_the_right_one(corpus, given):
    put(corpus, f"AudioMP3/{ANGRY}.mp3")
    (corpus.parent / "other" / "empty").mkdir(parents=True)
    with pytest.raises(CorpusError, match="expected AudioWAV/") as caught:
        entries((corpus / given).resolve())
    right = f"Set path to {corpus}." if given != "../other/empty" else "Set path to the folder that holds them."
    assert caught.value.hint == right


def test_no_folder_and_no_wanted_medium_are_errors(corpus):
    with pytest.raises(CorpusError, match=r"no such folder\. Expected: AudioWAV"):
        entries(corpus / "none")
    with pytest.raises(CorpusError, match="no clip as video; there are clips as audio"):
        entries(corpus, modality="video")


def test_a_study_names_it_by_its_kind():
    made = TypeAdapter(AnyCorpus).validate_python({"kind": "cremad", "path": "x", "min_level": {"face": 60}})
    assert isinstance(made, Cremad)


SMALL = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@SMALL
@given(
    summary=st.binary(max_size=200),
    rows=st.lists(st.lists(st.sampled_from([ANGRY, "A", "A:N", "5:6", '"', "", "7", "\n"]), max_size=9), max_size=5),
    header=st.booleans(),
)
def test_any_tables_give_a_listing_or_a_corpus_error(tmp_path_factory, summary, rows, header):
    root = tmp_path_factory.mktemp("c")
    put(root, f"{ANGRY}.wav", f"{SAD}.wav")
    lines = "\n".join(",".join(row) for row in rows).encode()
    for name, columns in [(SUMMARY, SUMMARY_HEADER), (COUNTS, COUNTS_HEADER), (DEMOGRAPHICS, PEOPLE_HEADER)]:
        put(root, name, content=(columns.encode() + b"\n" + lines + b"\n" if header else b"") + summary)
    try:
        found = entries(root, label="face", min_agreement={"voice": 0.0})
    except CorpusError:
        return
    assert found.clips


@SMALL
@given(names=st.lists(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=30)))
def test_any_file_names_give_a_listing_or_a_corpus_error(tmp_path_factory, names):
    root = tmp_path_factory.mktemp("c")
    put(root, f"{ANGRY}.wav", *(f"{name}.wav" for name in names))
    found = entries(root)
    assert len({name.lower() for name in names} | {ANGRY}) >= len(found.clips) + len(found.failures)
    keys = {clip.clip_id for clip in found.clips} | {failure.key for failure in found.failures}
    for file in (file for file in root.glob("*.wav") if not file.name.startswith(".")):
        assert {f"c/{clip_name(file.name)}", f"c/{file.name}"} & keys


@given(text=st.text())
def test_any_text_names_a_published_clip_or_none(text):
    assert clip_name(text) in {"", *published()}


@pytest.fixture(scope="module")
def real_corpus(real_data, tmp_path_factory):
    """The real tables, with an empty file for each medium."""
    tables = real_data / "annotations" / "crema_d"
    root = tmp_path_factory.mktemp("CREMA-D")
    names = (tables / "media_file_names.txt").read_text().split()
    put(root, *(name for name in names if not name.startswith("AudioMP3")))
    for table in ("processedResults", DEMOGRAPHICS):
        (root / table).symlink_to(tables / table)
    return root, {clip_name(name) for name in names}


@pytest.mark.real
@pytest.mark.parametrize("modality", ["audio", "video"])
def test_the_real_names_are_those_that_the_rules_give(real_corpus, modality):
    root, names = real_corpus
    found = entries(root, modality=modality)
    assert (len(found.clips), found.failures, found.notes) == (7442, [], [])
    assert {clip.clip_id.removeprefix("c/") for clip in found.clips} == names == set(published())
    assert Counter(clip.label for clip in found.clips) == {
        "neutral": 1087,
        **dict.fromkeys(["anger", "disgust", "fear", "happiness", "sadness"], 1271),
    }
    assert Counter({clip.subject: clip.sex for clip in found.clips}.values()) == {"m": 48, "f": 43}


@pytest.mark.real
def test_confident_faces_are_the_clips_of_the_cross_corpus_study(real_corpus):
    """Ryumina et al. (2022), Table 3."""
    found = entries(real_corpus[0], modality="video", min_level={"face": 60})
    assert Counter(clip.label for clip in found.clips) == {
        **{"neutral": 907, "happiness": 1028, "sadness": 233, "fear": 402, "disgust": 679, "anger": 594}
    }
    assert found.notes == ["3599 of 7442 clips are left out by min_level: {face: 60}"]
    assert found.failures == []


@pytest.mark.real
@pytest.mark.parametrize(
    ("rating", "ties", "solved"), [("voice", 644, 464), ("face", 470, 354), ("multimodal", 420, 332)]
)
def test_every_real_vote_is_read_and_ties_are_counted(real_corpus, rating, ties, solved):
    dropped = entries(real_corpus[0], label=rating)
    kept = entries(real_corpus[0], label=rating, ties="intended_if_among")
    assert (len(dropped.clips), dropped.failures) == (7442 - ties, [])
    assert len(kept.clips) - len(dropped.clips) == solved


@pytest.mark.real
def test_real_agreement_counts(real_corpus):
    found = entries(real_corpus[0], min_agreement={"face": 0.6})
    assert Counter(clip.label for clip in found.clips) == {
        **{"neutral": 846, "happiness": 1182, "sadness": 242, "fear": 445, "disgust": 627, "anger": 660}
    }
    assert found.failures == []


@pytest.mark.real
def test_shares_of_votes_are_the_agreement_that_the_authors_give(real_corpus):
    root, _ = real_corpus
    ratings = read_ratings(root, [COUNTS])
    table = read_table(root / "processedResults" / COUNTS, required="filename")
    assert len(table.rows) == 3 * 7442
    for row in table.rows:
        rating = {"1": "voice", "2": "face", "3": "multimodal"}[row.cells[""][0]]
        shares = ratings.shares(row.cells["filename"], rating)
        assert max(shares.values()) == pytest.approx(float(row.cells["agreement"]))
        chosen = {emotion for emotion, share in shares.items() if share == max(shares.values())}
        assert chosen == {LETTERS[letter] for letter in row.cells["emovote"].split(":")}
