"""Starting up: fast, light, and helpful when called wrongly."""

import subprocess
import sys
import time

import pytest

from genlevel.cli import COMMANDS, main

# What a start of the command line must not import: each costs more than all of genlevel's own start.
HEAVY = {
    "numpy",
    "scipy",
    "cv2",
    "aiohttp",
    "pyreqwest",
    "uvloop",
    "rich",
    "jinja2",
    "torch",
    "openpyxl",
    "soundfile",
    "orjson",
}


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from genlevel.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & {name.split(".")[0] for name in done.stderr.split()}
    assert all(f"  {name}" in done.stdout for name in COMMANDS)


def test_help_starts_fast() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "genlevel", "--help"], capture_output=True, check=True)
        return time.perf_counter() - start

    # The best of some: what is measured is the program, not the machine's other work.
    assert min(seconds() for _ in range(5)) < 0.25


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main([command, "--help"])
    assert exit_info.value.code == 0
    assert f"genlevel {command}" in capsys.readouterr().out


def test_unknown_command_suggests_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["levle"]) == 2
    error = capsys.readouterr().err
    assert "did you mean 'level'" in error
    assert error.count("\n") == 1


def test_unknown_option_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["tasks", "--colour", "red"])
    assert exit_info.value.code == 2
    error = capsys.readouterr().err
    assert "--colour" in error
    assert error.count("\n") == 1


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"genlevel {version('genlevel')}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["score", "x", "--limit", "0"],
        ["score", "x", "--limit", "-1"],
        ["score", "x", "--jobs", "-2"],
        ["report", "x", "--samples", "-1"],
        ["run", "--model", "nearest:", "--data", "x", "--limit", "0"],
        ["run", "--model", "nearest:", "--data", "x", "--concurrency", "many"],
        ["data", "check", "x", "--lines", "-1"],
        ["demo", "--seed", "-1"],
    ],
)
def test_a_number_that_makes_no_sense_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(words)
    assert exit_info.value.code == 2
    error = capsys.readouterr().err
    assert f"'{words[-1]}' is not a whole number" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(("option", "value"), [("--timeout", "5"), ("--max-attempts", "2")])
def test_an_option_that_the_kind_of_model_has_not_is_named_as_typed(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--model", "nearest:", "--data", "nowhere", option, value]) == 2
    assert f"{option}: this kind of model has no such option" in capsys.readouterr().err


def test_the_table_of_sources_says_size_and_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sources", "--tasks", "image.comprehension.refcoco"]) == 0
    head = capsys.readouterr().out.splitlines()[0].split()
    assert {"size", "format"} <= set(head)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("run --modell x", "unknown option --modell; did you mean --model?"),
        ("run --model=x --dat=d", "unknown option --dat; did you mean --data?"),
        ("run --model x", "the following arguments are required: --data"),
        ("data chek", "did you mean check?"),
        ("tasks --formt csv", "unrecognized arguments: --formt; did you mean --format?"),
        ("run --model opnai:x --data d", "did you mean openai? (there are "),
        ("tasks --modality audo", "did you mean audio?"),
    ],
)
def test_a_slip_gets_the_nearest_name(command: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = main(command.split())
    except SystemExit as end:
        code = end.code
    err = capsys.readouterr().err
    assert code == 2 and says in err and err.count("\n") == 1


@pytest.mark.parametrize(("action", "says"), [("check", "what is missing"), ("starter", "from a seed")])
def test_each_way_with_data_is_described(action: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["data", action, "--help"])
    assert says in capsys.readouterr().out
