"""Matching names to tasks: every task to itself, however written, and never to another."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.catalog import load
from genlevel.datasets.matching import Matcher, Place
from genlevel.datasets.names import plain, spelled, without_parentheses, words

CATALOG = load("2025")
TASKS = list(CATALOG.tasks.values())
MATCHER = Matcher(TASKS, CATALOG.aliases)
OLD = load("2024")


def place(task) -> Place:
    return Place(task.modality, task.paradigm)


@pytest.mark.parametrize("catalog", [CATALOG, OLD], ids=["2025", "2024"])
def test_every_name_and_id_matches_its_task(catalog):
    matcher = Matcher(catalog.tasks.values(), catalog.aliases)
    for task in catalog.tasks.values():
        assert matcher.match([task.name], place(task)).task is task
        assert matcher.by_path(task.id.replace(".", "/")) is task
        folder = task.id.replace("language.", "NLP/").replace(".", "/")
        assert matcher.by_path(f"S-A-Quick/{folder}") is task


def test_every_2025_name_matches_its_task_without_a_place():
    for task in TASKS:
        assert MATCHER.match([task.name], Place()).task is task


def test_short_names_match_their_task_or_are_reported():
    unclear = {}
    for task in TASKS:
        match = MATCHER.match([task.short_name], place(task))
        if match.task is not task:
            unclear[task.id] = match
    # Two pairs share a short name, and one task's short name is another one's name.
    assert sorted(i.rpartition(".")[2] for i, match in unclear.items() if match.task is None) == [
        "long-audio-captioning",
        "real-world-video-superresolution",
        "road-scene-video-superresolution",
        "wild-audio-captioning",
    ]
    assert {match.task.id for match in unclear.values() if match.task} == {
        "video.comprehension.video-salient-object-detection"
    }


@given(st.sampled_from(TASKS), st.data())
@settings(max_examples=300, deadline=None)
def test_case_and_separators_do_not_matter(task, data):
    separator = data.draw(st.sampled_from(["", "_", "-", " ", "__", " - ", "."]))
    tokens = re.split(r"[\s\-_]+", task.name)
    how = data.draw(st.sampled_from([str.lower, str.upper, str.title, str.swapcase, lambda word: word]))
    name = separator.join(how(token) for token in tokens)
    assert MATCHER.match([name], place(task)).task is task


@given(st.sampled_from(TASKS), st.data())
@settings(max_examples=300, deadline=None)
def test_a_name_with_a_word_dropped_never_means_another_task(task, data):
    """It is the task itself, another one's exact name, or nothing."""
    tokens = task.name.split()
    at = data.draw(st.integers(0, len(tokens) - 1))
    name = " ".join(tokens[:at] + tokens[at + 1 :])
    match = MATCHER.match([name], place(task))
    if match.task is not None and match.task is not task:
        assert match.stage <= 1 or spelled(name) in {
            spelled(n) for n in (match.task.name, match.task.short_name, without_parentheses(match.task.name))
        }


@given(st.lists(st.sampled_from(sorted({w for t in TASKS for w in words(t.name)})), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_words_thrown_together_match_only_what_they_spell(tokens):
    match = MATCHER.match([" ".join(tokens)], Place())
    if match.task is not None:
        known = {*words(match.task.name), *words(match.task.short_name), *words(match.task.id.rpartition(".")[2])}
        assert set(tokens) <= known | {"dataset", "of", "and", "for", "in", "a", "the", "test"} or plain(
            "".join(tokens)
        ) in {plain(match.task.name), plain(match.task.short_name)}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("chemistry_vqa", "chemistry-visual-question-answering"),
        ("lung nodule diagnosis vqa", "lung-nodule-diagnosis-visual-question-answering"),
        ("BirdDetection", "bird-detection"),
        ("car_brand_recognition", "car-brands-recognition"),
        ("CarBrandsRecog", "car-brands-recognition"),
        ("Famous Iconic Women Recognition", "famous-iconic-women-recognition"),
        ("Tire Crack Detection", "tire-crack-detection"),
        (
            "external_knowledge_required_image_question_answering",
            "external-knowledge-required-image-question-answering",
        ),
    ],
)
def test_image_names_found_in_the_wild(name, slug):
    match = MATCHER.match([name], Place("image", "comprehension"))
    assert match.task is not None and match.task.id == f"image.comprehension.{slug}"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("natural_language_inference", "natural-language-inference"),
        ("event_coreference_mcq", "event-coreference-resolution"),
        ("Document-Level Causal", "document-level-causal-reasoning"),
        ("Multi-Turn_Daily_Dialogue_Generationid", "multi-turn-daily-dialogue-generation"),
        ("Causal Reasoning", "causal-reasoning"),
        ("Temporal NER", "temporal-ner"),
        ("temporal_named_entity_recognition", "temporal-ner"),
    ],
)
def test_language_names_found_in_the_wild(name, slug):
    match = MATCHER.match([name], Place("language"))
    assert match.task is not None and match.task.id == f"language.{slug}"


@pytest.mark.parametrize(
    "name",
    [
        "Face Recognition",
        "Reasoning",
        "Detection",
        "VQA",
        "Code",
        "image_relation_extraction",
        "",
        "🙂",
        "Person",
        "NER",
    ],
)
def test_names_that_are_no_task(name):
    assert MATCHER.match([name], Place()).task is None


def test_ambiguity_is_reported_with_its_tasks():
    match = MATCHER.match(["SpeechTranslation"], Place("audio", "generation"))
    assert match.task is None
    assert "any of 3 tasks" in match.reason
    match = MATCHER.match(["Bird Detection", "Tree Detection"], Place())
    assert match.task is None
    assert "disagree" in match.reason


def test_a_task_in_the_wrong_place_is_not_taken():
    match = MATCHER.match(["Bird Detection"], Place("video", "comprehension"))
    assert match.task is None
    assert "image.comprehension.bird-detection" in match.reason


def test_an_exact_name_outweighs_a_loose_one():
    assert MATCHER.match(["Document-Level Causal", "bird_detection"], Place()).task.id.endswith("bird-detection")


@given(st.text(max_size=60))
def test_any_text_has_keys(name):
    assert plain(name) == plain(plain(name))
    spelled(name), without_parentheses(name), MATCHER.match([name], Place())
