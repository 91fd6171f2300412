"""The part of the API that explains nothing: what is served, what pasted text is, and drawings as text."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from graphormer.graphs.molecules import Molecule
from graphormer.network.card import Card
from graphormer.network.checkpoint import read_card
from molxai.batch.rows import USUAL_NODES
from molxai.explanation.captions import bias_word
from molxai.explanation.inputs import Entry
from molxai.explanation.methods import EXPLAINERS
from molxai.serve.api import Drawn, DrawnRequest, MethodCard, ModelCard, Recognised, TextRequest
from molxai.serve.pasted import pasted
from molxai.serve.settings import Settings
from molxai.serve.subjects import pasted_rows

router = APIRouter(prefix="/api")


@router.post("/smiles")
async def smiles(asked: DrawnRequest, request: Request) -> Drawn:
    """The SMILES of a drawn molecule."""
    limit = request.app.state.dispatcher.settings.max_atoms
    read = await run_in_threadpool(Entry("drawing", asked.block, "block").read, limit)
    if not isinstance(read.subject, Molecule):
        raise ValueError(read.error)
    return Drawn(smiles=read.subject.smiles)


@router.post("/recognise")
async def recognise(asked: TextRequest, request: Request) -> Recognised:
    """Whether pasted text is one molecule or a table of them."""
    return await run_in_threadpool(_recognised, asked.text, request.app.state.dispatcher.settings)


def _recognised(text: str, settings: Settings) -> Recognised:
    rows = pasted_rows(text, settings)
    return Recognised(
        file=pasted(text).name, rows=len(rows), name=rows[0].id if len(rows) == 1 else ""
    )


@router.get("/models")
async def models(request: Request) -> list[ModelCard]:
    """The served models: what they read and say, and how well they do."""
    return model_cards(request.app.state.dispatcher.settings.models)


@router.get("/methods")
async def methods() -> list[MethodCard]:
    """The explanation methods with what they promise."""
    return method_cards()


def model_cards(served: Mapping[str, Path]) -> list[ModelCard]:
    """What is to be known of each served model."""
    return [_model_card(name, read_card(path)) for name, path in served.items()]


def _model_card(name: str, card: Card) -> ModelCard:
    return ModelCard(
        name=name,
        reads="molecules" if card.vocabulary.startswith("molecule") else "digits",
        task=card.config.task,
        classes=list(card.classes),
        endpoints=list(card.endpoints),
        unit=card.unit,
        biases=bias_word(card.config),
        members=card.members,
        quality=card.metrics.get("test", {}),
        data=str(card.training.get("data", "")),
    )


def method_cards() -> list[MethodCard]:
    """What is to be known of each method."""
    return [
        MethodCard(
            name=name,
            says=EXPLAINERS[name].says,
            in_unit=EXPLAINERS[name].in_unit,
            conserves=one.conserves,
            signed=one.signed,
            by_target=one.by_target,
            largest=one.largest,
            passes=one.passes(USUAL_NODES),
        )
        for name, one in EXPLAINERS.items()
    ]
