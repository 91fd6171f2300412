"""The sink that an output's name asks for; every check of the name stands here."""

from pathlib import Path
from typing import Any

import typer

from molxai.batch.pictures import Drawing, PictureFile, PictureFolder
from molxai.batch.question import Question
from molxai.batch.sinks import RecordFile, Sink
from molxai.chemistry.schemes import scheme_of
from molxai.cli.drawing import Pictures
from molxai.cli.grid_file import GridFile
from molxai.cli.options import typed_options, usage
from molxai.cli.outputs import check_ending, check_format, check_output, is_folder, is_record_file
from molxai.cli.refusals import grid_size, refuse_for
from molxai.cli.screens import ExplanationTable, PredictionTable
from molxai.explanation.inputs import Inputs
from molxai.rendering import FORMATS, KINDS
from molxai.rendering.colour import palette
from molxai.rendering.look import Look, scale_of


def explanation_sink(
    output: Path | None, pictures: Pictures, fragments: str | tuple[str, ...], reads: str
) -> Sink:
    """Where explanations go.

    Args:
        output: as it was typed; None: the terminal.
        pictures: how they look.
        fragments: scheme whose fragments are shown.
        reads: molecules, digits or texts.

    Raises:
        typer.BadParameter: the output or an option of pictures cannot be as typed.
        FileNotFoundError: the output's folder does not exist.
    """
    usage(check_output, output)
    look = usage(pictures.look)
    scale = usage(scale_of, pictures.scale)
    usage(check_format, pictures.picture_format)
    refuse_for(output, pictures, reads)
    if output is None:
        return ExplanationTable(scheme_of(fragments) if fragments else None)
    if is_record_file(output):
        return RecordFile(output)
    if pictures.grid:
        return _grid_file(output, pictures, look, bool(fragments))
    folder = is_folder(output)
    ending = f".{pictures.picture_format}" if folder else output.suffix.lower()
    drawing = Drawing(ending, look, fragments, scale, pictures.align)
    return PictureFolder(output, drawing) if folder else PictureFile(output, drawing)


def _grid_file(output: Path, pictures: Pictures, look: Look, has_fragments: bool) -> GridFile:
    """The figure of several inputs that was asked for.

    Raises:
        typer.BadParameter: it is no size, or fragments are to be shown.
    """
    from molxai.rendering.arrangement import least_inches
    from molxai.rendering.figure import bar_column  # loads matplotlib

    columns, rows = usage(grid_size, pictures.grid)
    if has_fragments:
        raise typer.BadParameter(
            "--fragments: not in a grid; give a folder of pictures (-o maps), or leave it out"
        )
    if pictures.width:
        least = least_inches(columns, bar_column(""))
        usage(look.fit, 1.0, KINDS[FORMATS[output.suffix.lower()]], least)
    scale = pictures.scale if typed_options(("scale",)) else "common"
    return GridFile(output, columns, rows, scale, look, pictures.letters, pictures.align)


def prediction_sink(output: Path | None) -> Sink:
    """Where predictions go.

    Raises:
        typer.BadParameter: the output is no file of records.
        FileNotFoundError: the output's folder does not exist.
    """
    usage(check_output, output, pictures=False)
    return PredictionTable() if output is None else RecordFile(output)


def report_sink(output: Path, question: Question, inputs: Inputs, **page: Any) -> Sink:
    """The page that a report is written to.

    Args:
        output: path of the page.
        question: what every row is asked.
        inputs: the rows.
        page: the other fields of a `ReportPage`, as they were typed.

    Raises:
        typer.BadParameter: its name ends otherwise, or there is no such palette or scale.
        FileNotFoundError: its folder does not exist.
        ValueError: the table has no such column, or a substructure cannot be read.
    """
    from molxai.chemistry.substructure import query
    from molxai.pages.report import ReportPage, check_columns  # loads jinja2

    usage(check_ending, output, (".html", ".htm"))
    usage(palette, page["cmap"])
    check_columns(page["columns"], inputs.extra_columns())
    for pattern in page["substructures"]:
        query(pattern)
    page["scale"] = usage(scale_of, page["scale"])
    return ReportPage(output, question, label_column=inputs.label_column, **page)
