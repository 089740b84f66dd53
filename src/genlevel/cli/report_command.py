"""Write the one-page HTML report of a scored run: the level, the tasks beside the specialists, samples.

  genlevel report runs/gpt-4o
  genlevel report runs/gpt-4o -o report.html --samples 5

A folder made by 'genlevel score --predictions DIR --out FOLDER' has a report too, without samples.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from genlevel.cli.numbers import count
from genlevel.cli.output import note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("run", type=Path, help="a scored run folder")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="the HTML file (default: report.html in the run folder)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the data, for the samples (default: the data of the run)"
    )
    parser.add_argument(
        "--catalog", type=Path, metavar="FILE", help="your own tasks, if the file has moved (default: the run's own)"
    )
    parser.add_argument(
        "--samples", type=count, default=3, metavar="N", help="samples to show of each task (default: 3)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the report."""
    out = args.out or args.run / "report.html"
    if (args.run / "run.json").is_file():
        from genlevel.scoring.files import read_json
        from genlevel.scoring.workflow import locate, write_html_report

        base, _, own = str(read_json(args.run / "run.json").get("edition", "")).partition("+")
        located = locate(args.run, data=args.data, catalog=args.catalog, edition=base if args.catalog and own else None)
        write_html_report(located, out, samples_per_task=args.samples)
    else:
        from genlevel.interop.run_scores import read_run, run_catalog
        from genlevel.report.html import write_html

        write_html(args.run, out, run_catalog(args.run, read_run(args.run), catalog=args.catalog))
    note(f"report: {out}")
    return 0
