"""docs/levels.md: its example runs, and its table of maps is the one in the code."""

import re
from pathlib import Path

import pytest

from genlevel.levels import PROTOCOLS

PAGE = (Path(__file__).parents[2] / "docs" / "levels.md").read_text(encoding="utf-8")


def test_the_example_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(example, {})
    printed = capsys.readouterr().out.split()
    said = example.strip().rpartition("# ")[2].split()
    assert [p.startswith(s.removesuffix("...")) for p, s in zip(printed, said, strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("row", "metric"),
    [
        ("MAE, RMS", "mae"),
        ("MAE, RMS", "rms"),
        ("MSE, RMSE, MCD", "rmse"),
        ("FID", "fid"),
        ("FVD", "fvd"),
        ("PSNR", "psnr"),
        ("FAD, SAD", "sad"),
        ("MOS", "mos"),
        ("WER in percent", "wer"),
        ("LPIPS, printed × 100", "lpips"),
        ("SI-SDR", "si_sdr"),
        ("MS-SSIM, SSIM ¹", "ms_ssim"),
    ],
)
def test_the_table_of_maps(row: str, metric: str) -> None:
    (cells,) = re.findall(rf"^\| {re.escape(row)} \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    for cell, name in zip(cells, ("paper-2025", "tutorial-2024"), strict=True):
        assert cell.removesuffix(" ¹") == PROTOCOLS[name].maps[metric].formula()
