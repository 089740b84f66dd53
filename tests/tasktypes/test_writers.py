"""Answers that are written are read back as they were, and what does not have the form is refused."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genlevel import tasktypes
from genlevel.errors import AnswerError
from genlevel.records import Sample
from genlevel.tasktypes.writers import WRITERS, forms_of

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = [name for name in tasktypes.TASK_TYPES if not name.startswith("test-")]
NUMBER = st.floats(-1e4, 1e4, allow_nan=False).map(lambda x: round(x, 3))
POSITIVE = st.floats(0, 1e4, allow_nan=False).map(lambda x: round(x, 3))
BOX = st.tuples(NUMBER, NUMBER, POSITIVE, POSITIVE).map(list)
SPACE = st.tuples(NUMBER, NUMBER, NUMBER, POSITIVE, POSITIVE, POSITIVE, NUMBER).map(list)
WORD = st.sampled_from(["car", "red car", "Ampel", "人"])
JOINT = st.tuples(NUMBER, NUMBER, st.sampled_from([1, 2])).map(list)
SCORE = st.floats(0, 1).map(lambda x: round(x, 4))
SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9))


def arrays(dtype: Any, shape: Any, low: float, high: float) -> st.SearchStrategy[Any]:
    elements: Any = (
        st.integers(int(low), int(high))
        if np.dtype(dtype).kind in "iu"
        else st.floats(low, high, allow_nan=False, width=32)
    )
    return hnp.arrays(dtype, shape, elements=elements)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(fields), min_size=1, max_size=4)


def round_trip(name: str, value: Any, form: str = "", reference: Any = None, **extra: Any) -> Any:
    """What the task type reads from what it has written, as if the sample's reference were ``reference``."""
    kind = tasktypes.get(name)
    parts = kind.write(value, form)
    assert {part.kind for part in parts} <= kind.makes, (name, form)
    return kind.parse(parts, Sample("1", (), reference, (), extra))


def test_every_task_type_writes_a_known_structure() -> None:
    assert {tasktypes.get(name).writes for name in NAMES} <= set(WRITERS)
    for structure in WRITERS:
        assert forms_of(structure)


@QUICK
@given(objects(label=WORD, box=BOX, score=SCORE))
def test_boxes(value: Any) -> None:
    assert round_trip("object-detection", value) == value
    plain = [{**item, "label": "object"} for item in value]
    assert round_trip("visual-grounding", value) == plain


@QUICK
@given(
    objects(
        keypoints=st.lists(st.tuples(NUMBER, NUMBER, st.sampled_from([1, 2])).map(list), min_size=2, max_size=2),
        score=SCORE,
    )
)
def test_keypoints(value: Any) -> None:
    found = round_trip("keypoint-detection", value, count=2)
    assert [{k: p[k] for k in ("keypoints", "score")} for p in found] == value


@QUICK
@given(st.data(), st.sampled_from(["png", "json"]), SIDES)
def test_label_maps(data: Any, form: str, sides: Any) -> None:
    labels = data.draw(arrays(np.int32, sides, 0, 300 if form == "png" else 5))
    if set(np.unique(labels)) <= {0, 255}:
        labels[0, 0] = 7
    np.testing.assert_array_equal(round_trip("image-segmentation", labels, form, labels), labels)


@QUICK
@given(st.data(), SIDES)
def test_masks_of_objects(data: Any, sides: Any) -> None:
    from genlevel.metrics import masks

    value = [
        {"label": data.draw(WORD), "mask": data.draw(arrays(np.uint8, sides, 0, 1)), "score": data.draw(SCORE)}
        for _ in range(2)
    ]
    found = round_trip("instance-segmentation", value, size=sides)
    assert [(f["label"], f["score"]) for f in found] == [(v["label"], v["score"]) for v in value]
    for f, v in zip(found, value, strict=True):
        np.testing.assert_array_equal(masks.decode(f["mask"]), v["mask"].astype(bool))


@QUICK
@given(st.data(), SIDES)
def test_panoptic_segments(data: Any, sides: Any) -> None:
    ids = data.draw(arrays(np.int32, sides, 1, 3))
    segments = [{"id": int(i), "label": f"thing {i}"} for i in np.unique(ids)]
    found = round_trip(
        "panoptic-segmentation", {"map": ids, "segments": segments}, reference={"map": ids, "segments": segments}
    )
    names = {s["id"]: s["label"] for s in found["segments"]}
    wanted = {s["id"]: s["label"] for s in segments}
    assert [[names[i] for i in row] for row in found["map"].tolist()] == [
        [wanted[i] for i in row] for row in ids.tolist()
    ]


@QUICK
@given(st.data(), st.sampled_from(["png", "npy"]), SIDES)
def test_mattes(data: Any, form: str, sides: Any) -> None:
    matte = data.draw(arrays(np.float64, sides, 0, 1))
    found = round_trip("image-matting", matte, form, matte)
    # A PNG of 16 bits; one whose levels are 0 and 1 alone is read as it is.
    assert np.abs(found - matte).max() <= (
        0.5 / 65535 + 1e-9 if np.rint(matte * 65535).max() > 1 or form == "npy" else 1
    )


@QUICK
@given(st.data(), SIDES)
def test_scores(data: Any, sides: Any) -> None:
    scores = data.draw(arrays(np.float64, sides, -9, 9))
    np.testing.assert_array_equal(round_trip("image-anomaly-detection", scores, reference=scores), scores)
    assert round_trip("image-anomaly-detection", 0.25, whole=True) == 0.25


@QUICK
@given(st.data(), st.sampled_from(["npz", "npy", "json"]), SIDES)
def test_depth(data: Any, form: str, sides: Any) -> None:
    depth = data.draw(arrays(np.float64, sides, 0, 80))
    np.testing.assert_array_equal(round_trip("depth-estimation", depth, form, depth), depth)
    if form != "npy":
        film = np.stack([depth, depth + 1])
        np.testing.assert_array_equal(round_trip("video-depth-estimation", film, form, film), film)


@QUICK
@given(st.data(), st.sampled_from(["npz", "flo", "json"]), SIDES)
def test_flow(data: Any, form: str, sides: Any) -> None:
    flow = data.draw(arrays(np.float32, (*sides, 2), -50, 50)).astype(np.float64)
    np.testing.assert_array_equal(round_trip("optical-flow-estimation", flow, form, {"flow": flow}), flow)


@QUICK
@given(st.data(), SIDES)
def test_pictures_and_films(data: Any, sides: Any) -> None:
    picture = data.draw(arrays(np.uint8, (*sides, 3), 0, 255))
    np.testing.assert_array_equal(round_trip("image-denoising", picture, reference=picture), picture)
    film = np.stack([picture, 255 - picture])
    kind = tasktypes.get("video-to-video").for_metric("psnr")
    np.testing.assert_array_equal(kind.parse(kind.write(film), Sample("1", (), film)), film)


def test_a_film_as_mp4_is_nearly_the_same() -> None:
    film = np.full((3, 32, 48, 3), 90, np.uint8)
    film[:, 8:20, 10:30] = (200, 40, 60)
    found = round_trip("video-to-video", film, "mp4", film)
    assert found.shape == film.shape and np.abs(found.astype(int) - film).mean() < 6


@QUICK
@given(st.data(), st.integers(2, 200), st.sampled_from([8000, 16000]))
def test_sounds(data: Any, count: int, rate: int) -> None:
    samples = data.draw(arrays(np.float64, count, -1, 1))
    kind = tasktypes.get("text-to-audio").for_metric("fad")
    found, same_rate = kind.parse(kind.write((samples, rate)), Sample("1", ()))
    assert same_rate == rate and np.abs(found - samples).max() < 1 / 16000


@QUICK
@given(st.lists(st.none() | BOX, min_size=1, max_size=6).filter(lambda boxes: any(boxes)))
def test_tracks(boxes: Any) -> None:
    track = np.array([[np.nan] * 4 if box is None else box for box in boxes])
    np.testing.assert_array_equal(round_trip("visual-tracking", track, reference=track), np.nan_to_num(track))
    tube = {frame: box for frame, box in enumerate(boxes, 3) if box is not None}
    assert round_trip("video-grounding", tube) == tube


@QUICK
@given(st.data(), st.sampled_from(["json", "npz"]), SIDES)
def test_masks_of_videos(data: Any, form: str, sides: Any) -> None:
    film = data.draw(arrays(np.int32, (3, *sides), 0, 4))
    np.testing.assert_array_equal(round_trip("video-object-segmentation", film, form, film), film)
    shown = (film > 2).astype(np.uint8) * np.uint8(255)
    np.testing.assert_array_equal(round_trip("video-salient-object-detection", shown, form, shown), shown)


@QUICK
@given(objects(label=WORD, box=SPACE, score=SCORE))
def test_objects_in_space(value: Any) -> None:
    assert round_trip("3d-object-detection", value) == value
    frames = [[{"id": str(i), **item} for i, item in enumerate(value)], []]
    assert round_trip("3d-object-tracking", frames, reference=frames) == frames


@QUICK
@given(st.data(), st.integers(1, 9))
def test_points(data: Any, count: int) -> None:
    points = data.draw(arrays(np.float64, (count, 3), -100, 100))
    for form in ("ply", "json"):
        np.testing.assert_array_equal(round_trip("point-cloud-completion", points, form), points)
        np.testing.assert_array_equal(round_trip("normal-estimation", points, form, points), points)
    labels = data.draw(arrays(np.int64, count, 0, 40))
    np.testing.assert_array_equal(round_trip("point-cloud-segmentation", labels, reference=labels), labels)
    members = [{"label": "chair", "points": list(range(count)), "score": 0.5}]
    assert round_trip("point-cloud-instance-segmentation", members) == members


@QUICK
@given(st.data(), st.sampled_from(["ply", "obj"]))
def test_meshes(data: Any, form: str) -> None:
    vertices = data.draw(arrays(np.float64, (5, 3), -10, 10))
    faces = data.draw(arrays(np.int64, (4, 3), 0, 4))
    kind = tasktypes.get("text-to-3d").for_metric("rendered_clip_score")
    found = kind.parse(kind.write((vertices, faces), form), Sample("1", ()))
    np.testing.assert_array_equal(found[0], vertices)
    np.testing.assert_array_equal(found[1], faces)


@QUICK
@given(st.data(), st.integers(1, 5), st.sampled_from(["npy", "json"]))
def test_poses_and_motions(data: Any, count: int, form: str) -> None:
    poses = np.repeat(np.eye(4)[None], count, axis=0)
    poses[:, :3, 3] = data.draw(arrays(np.float64, (count, 3), -100, 100))
    np.testing.assert_array_equal(round_trip("point-cloud-odometry", poses, reference=poses), poses)
    motion = data.draw(arrays(np.float64, (count, 6), -3, 3))
    np.testing.assert_array_equal(round_trip("text-to-motion", motion, form, motion), motion)


@QUICK
@given(objects(subject=WORD, predicate=WORD, object=WORD, subject_box=BOX, object_box=BOX), st.permutations(range(4)))
def test_relations_and_rankings(triplets: Any, order: list[int]) -> None:
    found = round_trip("scene-graph-generation", triplets)
    keys = ("subject", "predicate", "object", "subject_box", "object_box")
    assert [{k: t[k] for k in keys} for t in found] == triplets
    kind = tasktypes.get("image-text-retrieval")
    sample = Sample("1", (), [0], tuple("abcd"), {"candidates": tuple("abcd")})
    assert json.loads(kind.write(order)[0].text) == [n + 1 for n in order] and sample.choices


@QUICK
@given(st.text("ab c.!?", min_size=1, max_size=30).filter(str.strip), st.integers(-(10**9), 10**9) | NUMBER)
def test_texts_and_numbers(text: str, number: float) -> None:
    assert tasktypes.get("image-captioning").write(text)[0].text == text
    assert round_trip("image-counting", number) == number


NAN = np.array([[0.0, np.nan]])


@pytest.mark.parametrize(
    ("name", "value", "form"),
    [
        ("object-detection", [{"label": "a", "box": [1, 2, -3, 4]}], ""),
        ("object-detection", [{"label": "a", "box": [1, 2, 3]}], ""),
        ("object-detection", [{"label": "a", "box": [1, 2, 3, float("nan")]}], ""),
        ("object-detection", [{"box": [1, 2, 3, 4]}], ""),
        ("object-detection", [{"label": "a", "box": [1, 2, 3, 4], "colour": 3}], ""),
        ("object-detection", {"a": [[1, 2, 3, 4]]}, ""),
        ("object-detection", [{"label": "a", "box": [1, 2, 3, 4]}], "png"),
        ("keypoint-detection", [{"keypoints": [[1, 2, 3, 4]]}], ""),
        ("image-segmentation", NAN, ""),
        ("image-segmentation", np.array([[0.5]]), ""),
        ("image-segmentation", np.array([[-1]]), ""),
        ("image-segmentation", np.array([[70_000]]), "png"),
        ("image-segmentation", np.zeros((2, 2, 2), int), ""),
        ("instance-segmentation", [{"label": "a", "mask": {"size": [2, 2], "counts": [1]}}], ""),
        ("instance-segmentation", [{"label": "a"}], ""),
        ("image-matting", np.array([[1.2]]), ""),
        ("image-anomaly-detection", NAN, ""),
        ("depth-estimation", NAN, ""),
        ("depth-estimation", np.array([[-1.0]]), ""),
        ("video-depth-estimation", np.zeros((2, 2)), ""),
        ("optical-flow-estimation", np.zeros((2, 2, 3)), ""),
        ("optical-flow-estimation", np.full((2, 2, 2), 1e10), "flo"),
        ("image-denoising", np.zeros((2, 2, 3)), ""),
        ("image-denoising", np.zeros((2, 2), np.uint8), ""),
        ("video-to-video", np.zeros((2, 2, 3), np.uint8), ""),
        ("text-to-audio", np.zeros(8), ""),
        ("text-to-audio", (np.full(8, 2.0), 8000), ""),
        ("text-to-audio", (np.zeros(8), 0), ""),
        ("visual-tracking", np.zeros((2, 3)), ""),
        ("visual-tracking", np.array([[1, 2, np.nan, 4]]), ""),
        ("video-grounding", {-1: [1, 2, 3, 4]}, ""),
        ("video-grounding", {}, ""),
        ("video-object-segmentation", np.full((1, 2, 2), 256), ""),
        ("video-salient-object-detection", np.full((1, 2, 2), 9), "json"),
        ("3d-object-detection", [{"label": "a", "box": [1, 2, 3, 4]}], ""),
        ("3d-object-tracking", [[{"label": "a", "box": [0] * 7}]], ""),
        ("point-cloud-completion", np.zeros((0, 3)), ""),
        ("point-cloud-to-mesh", (np.zeros((3, 3)), np.array([[0, 1, 3]])), "obj"),
        ("point-cloud-segmentation", [0.5], ""),
        ("point-cloud-odometry", np.zeros((2, 4, 5)), ""),
        ("text-to-motion", np.zeros(3), ""),
        ("image-text-retrieval", [1, 1], ""),
        ("image-counting", float("inf"), ""),
        ("image-counting", "three", ""),
        ("image-captioning", " ", ""),
        ("scene-graph-generation", [{"subject": "a", "predicate": "on"}], ""),
        ("scene-graph-generation", [{"subject": "a", "predicate": "on", "object": object()}], ""),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(name: str, value: Any, form: str) -> None:
    with pytest.raises(AnswerError) as caught:
        tasktypes.get(name).write(value, form)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("structure", WRITERS)
def test_anything_is_written_or_refused(structure: str) -> None:
    odd: Any = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
        | hnp.arrays(st.sampled_from([np.float64, np.uint8, object, "U3"]), hnp.array_shapes(max_dims=4, max_side=3)),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["label", "box", "mask", "size", "counts", "map", "segments"]), inner, max_size=4)
        | st.tuples(inner, inner),
        max_leaves=6,
    )  # fmt: skip

    @QUICK
    @given(odd, st.sampled_from(list(WRITERS[structure])))
    def check(value: Any, form: str) -> None:
        from genlevel.tasktypes.writers import write_structure

        try:
            parts = write_structure(structure, value, form)
        except AnswerError as error:
            assert "\n" not in str(error)
        else:
            assert parts and all(part.text or part.data for part in parts)

    check()


def test_files_are_what_other_programs_read(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    import soundfile
    from PIL import Image

    labels = np.array([[0, 300], [7, 65535]])
    (part,) = tasktypes.get("image-segmentation").write(labels)
    assert part.data is not None
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(part.data))), labels)
    (part,) = tasktypes.get("text-to-audio").write((np.array([0.0, 0.5, -1.0]), 16000))
    assert part.data is not None
    samples, rate = soundfile.read(io.BytesIO(part.data))
    assert rate == 16000 and np.abs(samples - [0.0, 0.5, -1.0]).max() < 1e-4
    (part,) = tasktypes.get("depth-estimation").write(np.array([[1.5, 2.0]]), "npy")
    assert part.data is not None
    np.testing.assert_array_equal(np.load(io.BytesIO(part.data), allow_pickle=False), [[1.5, 2.0]])


def test_words_may_stand_for_what_is_also_taken_as_text() -> None:
    kind = tasktypes.get("image-to-audio").for_metric("cider")
    (part,) = kind.write("A dog barks.")
    assert kind.parse([part], Sample("1", (), ["A dog barks."], (), {"words": True})) == "A dog barks."
    with pytest.raises(AnswerError):
        tasktypes.get("image-denoising").write("A dog.")
