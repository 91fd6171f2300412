"""The pages: the workbench, and the API in words."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse

from graphormer.network.card import Card
from graphormer.network.checkpoint import read_card
from molxai.batch.question import USUAL_MODELS
from molxai.chemistry.series import common_target
from molxai.pages.page import SCRIPTS, embedded, shared_settings
from molxai.pages.quality import quality_line
from molxai.pages.report import METHODS
from molxai.serve.api import MethodCard
from molxai.serve.catalogue import method_cards, model_cards
from molxai.serve.series import MOST_DRAWINGS
from molxai.serve.settings import Settings
from molxai.serve.uploads import READ
from molxai.serve.work import MOST_COLUMNS

OWN_SCRIPTS = (
    "ask",
    "patience",
    "state",
    "choices",
    "columns",
    "undo",
    "strokes",
    "penkeys",
    "pad",
    "sketch",
    "row",
    "align",
    "groups",
    "changes",
    "panel",
    "upload",
    "look",
    "tabs",
    "drop",
    "session",
    "work",
    "results",
    "workbench",
)
"""Scripts in `static`, which come after those that pages share."""

EXAMPLES = {
    "elenbecestat": (
        "a BACE-1 inhibitor",
        "C[C@H]1OC[C@]2(c3cc(NC(=O)c4cnc(C(F)F)cn4)ccc3F)N=C(N)SC[C@H]12",
    ),
    "verubecestat": (
        "one that the model misses",
        "CN1C(N)=N[C@](C)(c2cc(NC(=O)c3ccc(F)cn3)ccc2F)CS1(=O)=O",
    ),
    "donepezil": ("a drug with another target", "COc1cc2c(cc1OC)C(=O)C(CC1CCN(Cc3ccccc3)CC1)C2"),
}
"""Molecules to try: what each is, and its SMILES."""

DIGITS = ("two", "five", "seven", "eight")
"""Digits to try, which `pad.js` draws."""

USUAL = {**USUAL_MODELS, "methods": list(METHODS)}
"""What is chosen at first."""

SLOW_PASSES = 60
"""Passes for a usual graph above which a method is called slow."""

Schema = Mapping[str, Any]
"""A part of the OpenAPI document."""

router = APIRouter(include_in_schema=False)

templates = Environment(loader=PackageLoader("molxai.serve"), autoescape=True)


@router.get("/")
async def workbench(request: Request) -> HTMLResponse:
    """The page to work in."""
    settings: Settings = request.app.state.dispatcher.settings
    page = templates.get_template("workbench.html").render(
        most_rows=settings.most_rows,
        most_megabytes=settings.largest_body // 2**20,
        endings=", ".join(READ),
        accepted=", ".join((*READ, ".gz", ".json")),
        examples=EXAMPLES,
        digits=DIGITS,
        settings=embedded(_settings(settings)),
        scripts=[
            *(f"/assets/{name}.js" for name in SCRIPTS),
            *(f"/static/{name}.js" for name in OWN_SCRIPTS),
        ],
    )
    return HTMLResponse(page)


def _settings(settings: Settings) -> dict[str, Any]:
    """What the page's scripts know from the beginning."""
    cards = {name: read_card(path) for name, path in settings.models.items()}
    models = [
        model.model_dump() | _model_words(cards[model.name])
        for model in model_cards(settings.models)
    ]
    methods = {
        method.name: method.model_dump() | {"cost": _cost(method)} for method in method_cards()
    }
    return shared_settings() | {
        "usual": USUAL,
        "most_columns": MOST_COLUMNS,
        "most_drawings": MOST_DRAWINGS,
        "largest_body": settings.largest_body,
        "models": models,
        "methods": methods,
    }


def _model_words(card: Card) -> dict[str, str]:
    """What the form says of a model, and what it explains if nobody chooses a class."""
    quality = quality_line(card.metrics.get("test", {}), card.members)
    return {"quality_line": quality, "usual_target": common_target(card)}


def _cost(method: MethodCard) -> str:
    """Whether a method adds up, and whether it is slow, in a few words."""
    is_slow = method.largest is not None or sum(method.passes) > SLOW_PASSES
    adds_up = "adds up" if method.conserves else "does not add up"
    return f"{adds_up}, slow" if is_slow else adds_up


@router.get("/api")
async def api(request: Request) -> HTMLResponse:
    """The OpenAPI document as a page."""
    document = request.app.openapi()
    operations = [
        _operation(path, verb, operation, document)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    ]
    page = templates.get_template("api.html").render(
        about=document["info"],
        operations=operations,
        record=_fields({"$ref": "/Record"}, document),
        address=request.base_url,
    )
    return HTMLResponse(page)


def _operation(path: str, verb: str, operation: Schema, document: Schema) -> dict[str, Any]:
    """One address: what it is for, what it takes, and what it answers."""
    parameters = [_parameter(content, document) for content in operation.get("parameters", ())]
    bodies = operation.get("requestBody", {}).get("content", {})
    fields = [field for body in bodies.values() for field in _fields(body["schema"], document)]
    answer = _answer(operation)
    is_list = answer.get("type") == "array"
    return {
        "path": path,
        "verb": verb.upper(),
        "says": operation.get("description", ""),
        "kind": next(iter(bodies), ""),
        "fields": [*parameters, *fields],
        "answers": _fields(answer.get("items", {}) if is_list else answer, document),
        "is_list": is_list,
    }


def _answer(operation: Schema) -> Schema:
    """The schema of what is answered in JSON if all goes well; empty if there is none."""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            return response.get("content", {}).get("application/json", {}).get("schema", {})
    return {}


def _resolve(schema: Schema, document: Schema) -> Schema:
    """The schema that is referred to, or the schema itself."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _fields(schema: Schema, document: Schema) -> list[dict[str, str]]:
    """Name, type and meaning of each field."""
    properties = _resolve(schema, document).get("properties", {})
    return [_field(name, content, document) for name, content in properties.items()]


def _parameter(parameter: Schema, document: Schema) -> dict[str, str]:
    """The same of a parameter in the address."""
    described = parameter["schema"] | {"description": parameter.get("description", "")}
    return _field(parameter["name"], described, document)


def _field(name: str, schema: Schema, document: Schema) -> dict[str, str]:
    default = schema.get("default")
    usual = f" [default: {json.dumps(default)}]" if default not in (None, "") else ""
    return {
        "name": name,
        "type": _type(schema, document),
        "says": f"{schema.get('description', '')}{usual}",
    }


def _type(schema: Schema, document: Schema) -> str:
    """The type in words."""
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
        return " or ".join(_type(kind, document) for kind in kinds)
    if "$ref" in schema:
        known = _resolve(schema, document)
        is_object = known.get("type") == "object"
        return known.get("title", "object") if is_object else " | ".join(known.get("enum", ()))
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}), document)}"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if kind == "object":
        return "dictionary"
    return schema.get("format") or kind or "anything"
