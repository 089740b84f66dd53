"""What the package and the command say of a missing answer is what it does."""

import pytest

from genlevel import metrics
from genlevel.cli import main
from genlevel.metrics import Evaluation
from tests.metrics.examples import EXAMPLES, OPTIONS
from tests.metrics.test_contract import case


def test_the_coverage_stands_beside_the_value() -> None:
    assert metrics.evaluate("mae", [1.0, None, None, 6.0], [3.0, 5.0, 5.0, 7.0]) == Evaluation(1.5, 0.5)
    assert metrics.evaluate("accuracy", ["a", None], ["a", "b"]) == Evaluation(0.5, 1.0)
    assert metrics.evaluate("mse", [[1.0, 3.0]], [[0.0, 0.0]]).value == metrics.compute(
        "mse", [[1.0, 3.0]], [[0.0, 0.0]]
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_line_is_true(name: str) -> None:
    metric, answers, references = case(name, 8)
    told = metric.missing_answer()
    alone = metrics.evaluate(name, [None], references[:1], **OPTIONS.get(name, {}))
    holed = metrics.evaluate(name, [None, *answers[1:]], references, **OPTIONS.get(name, {}))
    if told.startswith("left out"):
        assert alone == Evaluation(metric.worst, 0.0)
        assert holed.coverage == pytest.approx(8 / 9)
    elif told == "counts as the worst value":
        assert (alone.coverage, holed.coverage) == (1.0, 1.0)
    else:
        assert alone == Evaluation({"wer": 1.0, "cer": 1.0, "gpt_score": 0.0}[name], 1.0)


def test_the_command_has_a_line_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    for name, words in (("psnr", "left out"), ("accuracy", "counts as the worst value"), ("wer", "a rate of 1")):
        assert main(["metrics", name]) == 0
        line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("missing:"))
        assert words in line
