"""METEOR 1.5, COCO's tokeniser and SPICE, where Java and the jars inside pycocoevalcap are at hand."""

import gzip
import itertools
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.evidence import Evidence
from genlevel.metrics.java import java_version
from genlevel.metrics.meteor_15 import parted, score
from genlevel.metrics.text import caption_words
from genlevel.metrics.treebank_java import words_by_java

needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="no Java")


@pytest.fixture(scope="module")
def jars() -> Path:
    return Path(pytest.importorskip("pycocoevalcap").__path__[0])


@pytest.fixture(scope="module")
def small_meteor(jars: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """The jar with the first thousands of its paraphrases, which it reads in a second, and some of these."""
    folder = tmp_path_factory.mktemp("meteor")
    shutil.copy(jars / "meteor" / "meteor-1.5.jar", folder)
    (folder / "data").mkdir()
    with gzip.open(jars / "meteor" / "data" / "paraphrase-en.gz", "rt", encoding="utf-8") as table:
        lines = list(itertools.islice(table, 60_000))
    with gzip.open(folder / "data" / "paraphrase-en.gz", "wt", encoding="utf-8") as table:
        table.writelines(lines)
    pairs = list(zip(lines[1::3], lines[2::3], strict=True))
    words = [(a.strip(), b.strip()) for a, b in pairs if (a + b).replace(" ", "").replace("\n", "").isalpha()]
    return folder / "meteor-1.5.jar", words[::37]


def captions(paraphrases: list[tuple[str, str]], count: int) -> tuple[list[Any], list[list[str]]]:
    rng = random.Random(0)
    pool = [
        "a",
        "the",
        "man",
        "men",
        "cat",
        "cats",
        "dog",
        "runs",
        "running",
        "ran",
        "on",
        "of",
        "car",
        "automobile",
        "red",
    ]
    answers: list[Any] = [
        "",
        "the cat",
        None,
        "the cat ran",
        "the the the",
        "café ☕ und mehr",
        "a ||| b  c",
        "one\ntwo",
    ]
    references = [
        ["x"],
        ["the cat"],
        ["a cat"],
        ["dogs", "the cat ran"],
        ["of the"],
        ["café ☕"],
        ["a b c"],
        ["one two"],
    ]
    for _ in range(count):
        one, other = rng.choice(paraphrases)
        words = [rng.choice(pool) for _ in range(rng.randint(1, 9))]
        given = [*words[:4], one, *words[4:]]
        golds = []
        for _ in range(rng.randint(1, 4)):
            changed = [w for w in words if rng.random() > 0.2] + [rng.choice(pool)]
            rng.shuffle(changed) if rng.random() < 0.3 else None
            golds.append(" ".join([*changed[:3], other, *changed[3:]]))
        answers.append(" ".join(given))
        references.append(golds)
    return answers, references


@needs_java
def test_meteor_15_is_pycocoevalcaps(small_meteor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pycocoevalcap.meteor import meteor as theirs

    jar, paraphrases = small_meteor
    answers, references = captions(paraphrases, 120)
    metric = metrics.get("meteor_15", jar=str(jar), tokenizer="")
    evidence = metric.measure(answers, references)
    monkeypatch.setattr(theirs, "__file__", str(jar.with_name("meteor.py")))
    # The reference writes lines as they are.
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Dfile.encoding=UTF-8")
    reference = theirs.Meteor()
    total, each = reference.compute_score(
        {i: r for i, r in enumerate(references)},
        {i: [" ".join((a or "").splitlines())] for i, a in enumerate(answers)},
    )
    reference.meteor_p.stdout.close()
    reference.meteor_p.stderr.close()
    np.testing.assert_allclose(score(parted(evidence["counts"])), each, atol=1e-12)
    assert float(metric.reduce(evidence)) == pytest.approx(total, abs=1e-12)
    # Paraphrases and synonyms were met.
    assert (evidence["counts"][:, 4:20].reshape(-1, 4, 4).sum(axis=(0, 2)) > 0).all()

    # Shards add up; weights are how often a sample counts.
    halves = Evidence.concat([evidence.take(range(50)), evidence.take(range(50, len(answers)))])
    assert metric.reduce(halves) == metric.reduce(evidence)
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 4, (5, len(answers))).astype(float)
    repeated = [metric.reduce(evidence.take(np.repeat(np.arange(len(answers)), w.astype(int)))) for w in weights]
    np.testing.assert_allclose(metric.reduce(evidence, weights), repeated, rtol=1e-12)
    assert metric.reduce(evidence.take([])) == 0.0 == metric.reduce(evidence, np.zeros(len(answers)))


@needs_java
def test_coco_tokens_are_pycocoevalcaps(jars: Path) -> None:
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    texts = [
        "A man's dog, running (fast) - isn't it?", "", "Two dogs... and \"cats\"!", "It's 3.50$ at 5 o'clock; U.S.A. wins",
        "café naïve ☕", "  spaces   around  ", "cannot gonna 1/2 #wow @me", "x" * 300, "line\nbroken", "semi;colon:and--dash",
    ]  # fmt: skip
    theirs = PTBTokenizer().tokenize({i: [{"caption": t}] for i, t in enumerate(texts)})
    ours = words_by_java(texts)
    assert [" ".join(ours(t)) for t in texts] == [theirs[i][0] for i in range(len(texts))]
    by_java = metrics.compute("cider", texts[::2], [[t] for t in texts[1::2]], tokenizer="ptb-java")
    tokens = [" ".join(ours(t)) for t in texts]
    assert by_java == metrics.compute("cider", tokens[::2], [[t] for t in tokens[1::2]], tokenizer="space")
    for name in ("bleu4", "rouge_l_coco", "meteor"):
        assert metrics.compute(name, texts[:3], [[t] for t in texts[:3]], tokenizer="ptb-java") > 0.4


def spice_folder(jars: Path, folder: Path) -> Path:
    """SPICE's jar with the code, but not the models, of another CoreNLP: enough where all captions are in the cache."""
    (folder / "lib").mkdir()
    shutil.copy(jars / "spice" / "spice-1.0.jar", folder)
    for jar in (jars / "spice" / "lib").glob("*.jar"):
        (folder / "lib" / jar.name).symlink_to(jar)
    corenlp = jars / "tokenizer" / "stanford-corenlp-3.4.1.jar"
    for name in ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar"):
        (folder / "lib" / name).symlink_to(corenlp)
    return folder / "spice-1.0.jar"


FILL = """
import edu.anu.spice.LmdbTupleDB;
import java.util.*;
public class Fill {
  public static void main(String[] given) {
    Map<String, ArrayList<ArrayList<String>>> all = new HashMap<>();
    for (int i = 1; i < given.length; i += 2) {
      ArrayList<ArrayList<String>> tuples = new ArrayList<>();
      for (String tuple : given[i + 1].split(";")) {
        if (!tuple.isEmpty()) tuples.add(new ArrayList<>(Arrays.asList(tuple.split(","))));
      }
      all.put(given[i], tuples);
    }
    new LmdbTupleDB(given[0]).putTransaction(all);
  }
}
"""
# A caption and its parse: objects, objects with an attribute, and two objects with their relation.
PARSES = {
    "a red car on a road": "car;car,red;road;car,road,on",
    "the automobile is red": "automobile;automobile,red",
    "two dogs sleep": "dog;dog,two;dog,sleep",
    "a road": "road",
    "nothing": "",
}


@needs_java
@pytest.mark.skipif(shutil.which("javac") is None or sys.platform != "linux", reason="no Java compiler")
def test_spice_counts_tuples_as_a_hand_does(jars: Path, tmp_path: Path) -> None:
    """The real program end to end, but for the parser, whose models cannot be had here: parses come from its cache."""
    jar = spice_folder(jars, tmp_path)
    cache = tmp_path / "cache"
    cache.mkdir()
    (tmp_path / "Fill.java").write_text(FILL)
    opened = [f"--add-opens=java.base/java.{p}=ALL-UNNAMED" for p in ("lang", "math", "net", "text", "util", "io")]
    opened.append("--add-opens=java.base/java.util.concurrent=ALL-UNNAMED")
    fill = ["java", *opened, "-cp", str(jar), str(tmp_path / "Fill.java"), str(cache)]
    subprocess.run([*fill, *itertools.chain(*PARSES.items())], check=True, capture_output=True, timeout=120)
    metric = metrics.get("spice", jar=str(jar), cache=str(cache), tokenizer="", memory="1G", seconds=300)
    answers = ["the automobile is red", "a red car on a road", "two dogs sleep", None, "nothing", "nothing"]
    references = [
        ["a red car on a road"],
        ["the automobile is red", "a road"],
        ["a road"],
        ["a road"],
        ["a road"],
        ["nothing"],
    ]
    evidence = metric.measure(answers, references)
    counts = np.stack([evidence[name] for name in ("shared", "given", "expected")], axis=1)
    # Automobile and car are one synset; the relation of the second has no counterpart.
    assert counts.tolist() == [[2, 2, 4], [3, 4, 3], [0, 3, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert float(metric.reduce(evidence)) == pytest.approx((4 / 6 + 6 / 7) / 6)
    # A caption that is in no cache needs the parser.
    with pytest.raises(NotScorable, match=r"SPICE failed \(.*models") as caught:
        metric.measure(["unseen"], [["a road"]])
    assert "\n" not in str(caught.value)


def test_what_java_programs_lack_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by ``lacks``, before anything is run."""
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    monkeypatch.setattr("genlevel.metrics.java.find_spec", lambda name: None)
    for name, file in (("meteor_15", "meteor-1.5.jar"), ("spice", "spice-1.0.jar")):
        for options in ({}, {"jar": str(tmp_path / "no.jar")}):
            metric = metrics.get(name, **options)
            with pytest.raises(NotScorable, match=file) as caught:
                metric.measure(["a"], [["a"]])
            assert "\n" not in str(caught.value) and metric.lacks() == str(caught.value)
    with pytest.raises(NotScorable, match=r"stanford-corenlp-3\.4\.1"):
        metrics.compute("cider", ["a"], [["a"]], tokenizer="ptb-java")
    with pytest.raises(MetricError, match="ptb-java"):
        metrics.compute("cider", ["a"], [["a"]], tokenizer="x")

    monkeypatch.setenv("GENLEVEL_WEIGHTS", str(tmp_path))
    (tmp_path / "spice" / "lib").mkdir(parents=True)
    for file in ("meteor-1.5.jar", "spice/spice-1.0.jar", "stanford-corenlp-3.4.1.jar"):
        with zipfile.ZipFile(tmp_path / file, "w") as jar:
            jar.writestr("nothing", "")
    assert "paraphrase-en.gz" in metrics.get("meteor_15").lacks()
    assert "stanford-corenlp-3.6.0-models.jar" in metrics.get("spice").lacks()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "paraphrase-en.gz").touch()
    for file in ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar"):
        (tmp_path / "spice" / "lib" / file).touch()
    for name in ("meteor_15", "spice"):
        with pytest.raises(NotScorable, match="'no-java' is not found"):
            metrics.compute(name, ["a"], [["a"]], java="no-java")
        with pytest.raises(MetricError, match="seconds"):
            metrics.get(name, seconds=0)


@needs_java
def test_jars_that_are_something_else_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLEVEL_WEIGHTS", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "paraphrase-en.gz").touch()
    for file in ("meteor-1.5.jar", "stanford-corenlp-3.4.1.jar"):
        with zipfile.ZipFile(tmp_path / file, "w") as jar:
            jar.writestr("nothing", "")
    with pytest.raises(NotScorable, match="METEOR failed"):
        metrics.compute("meteor_15", ["a"], [["a"]])
    with pytest.raises(NotScorable, match="COCO's tokeniser failed"):
        metrics.compute("cider", ["a"], [["a"]], tokenizer="ptb-java")


def fake_java(folder: Path, script: str) -> str:
    path = folder / "java"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands in for Java")
def test_a_slow_or_odd_program_is_stopped(tmp_path: Path) -> None:
    jar = tmp_path / "meteor-1.5.jar"
    jar.touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "paraphrase-en.gz").touch()
    slow = fake_java(tmp_path, "exec sleep 20")
    with pytest.raises(NotScorable, match="took longer than 0 s"):
        metrics.compute("meteor_15", ["a"], [["a"]], jar=str(jar), java=slow, seconds=0.2)
    odd = fake_java(tmp_path, "echo 1 2 3")
    with pytest.raises(NotScorable, match="METEOR printed 1 lines for 2 samples"):
        metrics.compute("meteor_15", ["a", "b"], [["a"], ["b"]], jar=str(jar), java=odd)


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands in for Java")
def test_spice_is_called_as_its_java_wants(tmp_path: Path) -> None:
    """Up to Java 14 the program itself; what it writes is pycocoevalcap's exchange of JSON."""
    (tmp_path / "lib").mkdir()
    jar = tmp_path / "spice-1.0.jar"
    for path in (jar, *(tmp_path / "lib" / f"stanford-corenlp-3.6.0{part}.jar" for part in ("", "-models"))):
        path.touch()
    result = '[{"scores":{"All":{"tp":1,"fp":2,"fn":0,"f":0.5}},"image_id":1}]'
    java = fake_java(
        tmp_path,
        'if [ "$1" = -version ]; then echo \'openjdk version "1.8.0_402"\' >&2; exit; fi\n'
        f'echo "$@" > {tmp_path}/said; cat "$4" >> {tmp_path}/said; echo \'{result}\' > "$6"',
    )
    assert java_version(java) == 8
    metric = metrics.get("spice", jar=str(jar), java=java)
    evidence = metric.measure([None, "A dög, runs."], [["x"], ["Two dogs!"]])
    assert [evidence[n].tolist() for n in ("shared", "given", "expected")] == [[0, 1], [0, 3], [1, 1]]
    said = (tmp_path / "said").read_text("ascii")
    assert "-Xmx8G -jar " in said and said.splitlines()[0].endswith("-subset -silent")
    assert '[{"image_id": 1, "test": "a d\\u00f6g runs", "refs": ["two dogs"]}]' in said
    with pytest.raises(NotScorable, match="scored 1 samples of 2"):
        metric.measure(["a", "b"], [["x"], ["y"]])


@needs_java
def test_our_caption_words_are_cocos_on_captions(jars: Path) -> None:
    """Templates of captions with the troublesome things in them; on prose about software 91 % of sentences agree."""
    rng = random.Random(1)
    subjects = ["A man", "A young boy's dog", "A brown-and-white cow", "A 10-year-old girl", "A close-up of a T-shirt",
                "The U.S. flag", "Mr. Smith", "A woman (in red)", "A black & white photo of a cat"]  # fmt: skip
    verbs = ["is riding", "doesn't look at", "can't reach", "that's eating", "'s wearing", "is about to hit"]
    things = ["a skateboard .", "3 pizzas, a salad and coke", "a half-eaten sandwich", "the 'STOP' sign", "1/2 of a cake",
              'a bus that says "Out of Service"', "the beach; it's sunny", "an umbrella...", "a $5 bill", "food - lots of it",
              "2:30 p.m. train", "a kite at 5 o'clock", "rock 'n' roll band", "a cup/glass", "#1 shirt",
              "50% off sign"]  # fmt: skip
    ends = [
        "",
        ".",
        " in the park.",
        " on a sunny day !",
        " - view from above.",
        " at night...",
        " (outdoors).",
        " by the T.V.",
    ]
    texts = [" ".join(map(rng.choice, (subjects, verbs, things))) + rng.choice(ends) for _ in range(600)]
    by_java = words_by_java(texts)
    assert [t for t in texts if caption_words(t) != by_java(t)] == []
