"""The part of the API that explains nothing: models, methods, pasted text and drawings."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from graphormer.graphs.molecules import Molecule
from graphormer.network.card import Card
from graphormer.network.checkpoint import read_card
from molxai.batch.rows import USUAL_NODES
from molxai.explanation.captions import bias_word
from molxai.explanation.entry import Entry
from molxai.explanation.method import Method
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.subjects import read_by
from molxai.serve.api import Drawn, DrawnRequest, MethodCard, ModelCard, Recognised, TextRequest
from molxai.serve.pasted import as_file
from molxai.serve.settings import Settings
from molxai.serve.subjects import pasted_rows

router = APIRouter(prefix="/api")


@router.post("/smiles")
async def smiles(drawn: DrawnRequest, request: Request) -> Drawn:
    """The SMILES of a drawn molecule."""
    limit = request.app.state.dispatcher.settings.max_atoms
    drawing = Entry("drawing", drawn.block, "block")
    item = await run_in_threadpool(drawing.read, limit)
    if not isinstance(item.subject, Molecule):
        raise ValueError(item.error)
    return Drawn(smiles=item.subject.smiles)


@router.post("/recognise")
async def recognise(content: TextRequest, request: Request) -> Recognised:
    """Whether pasted text is one molecule or a table of them."""
    return await run_in_threadpool(_recognise, content.text, request.app.state.dispatcher.settings)


def _recognise(text: str, settings: Settings) -> Recognised:
    rows = pasted_rows(text, settings)
    name = rows[0].id if len(rows) == 1 else ""
    return Recognised(file=as_file(text).name, rows=len(rows), name=name)


@router.get("/models")
async def models(request: Request) -> list[ModelCard]:
    """The served models: what they read and say, and how well they do."""
    return model_cards(request.app.state.dispatcher.settings.models)


@router.get("/methods")
async def methods() -> list[MethodCard]:
    """The explanation methods with what they promise."""
    return method_cards()


def model_cards(models: Mapping[str, Path]) -> list[ModelCard]:
    """What there is to know about each served model."""
    return [_model_card(name, read_card(path)) for name, path in models.items()]


def _model_card(name: str, card: Card) -> ModelCard:
    return ModelCard(
        name=name,
        reads=read_by(card),
        task=card.config.task,
        classes=list(card.classes),
        endpoints=list(card.endpoints),
        unit=card.unit,
        biases=bias_word(card.config),
        members=card.members,
        kernel=card.kernel,
        quality=card.metrics.get("test", {}),
        data=str(card.training.get("data", "")),
    )


def method_cards() -> list[MethodCard]:
    """What there is to know about each method."""
    return [_method_card(name, method) for name, method in EXPLAINERS.items()]


def _method_card(name: str, method: Method) -> MethodCard:
    return MethodCard(
        name=name,
        says=method.says,
        in_unit=method.in_unit,
        conserves=method.conserves,
        signed=method.signed,
        by_target=method.by_target,
        largest=method.largest,
        passes=method.passes(USUAL_NODES),
    )
