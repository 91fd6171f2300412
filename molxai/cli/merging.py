"""`molxai merge`."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from molxai.cli.options import Quiet, usage, written_to
from molxai.cli.printable import printable

RECORDS = "File to write: .parquet .jsonl .csv .json .xlsx .sdf"
PARTS = "Outputs whose shards are done, or their folders of parts. [default: the output itself]"

Output = Annotated[Path, typer.Option("-o", "--output", help=RECORDS, show_default=False)]


def merge(
    output: Output,
    shards: Annotated[list[Path] | None, typer.Argument(help=PARTS, show_default=False)] = None,
    quiet: Quiet = False,
) -> None:
    """Join shards of 'molxai explain --shard'; check that no row is missing or duplicated."""
    from molxai.batch.checkpoint import Parts, parts_folder
    from molxai.batch.run import merge as join
    from molxai.cli.outputs import check_output

    usage(check_output, output, pictures=False)
    place = written_to(output, output.is_file())
    parts = Parts(output)
    with nullcontext() if shards or not parts.folder.exists() else parts.alone():
        tally = join(output, [parts_folder(shard) for shard in shards or [output]])
        if not shards:
            parts.remove()
    if not quiet:
        print(printable(f"{tally} → {place}"), file=sys.stderr)
