"""What requests hold and answers say; the OpenAPI document is made of these."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from molxai.batch.question import Question
from molxai.batch.rows import USUAL_NODES

Name = Annotated[str, Field(max_length=200)]

Line = Annotated[str, Field(max_length=200)]

MOST_PATTERNS = 100
"""Patterns of one's own in a request, at most."""

MOST_METHODS = 8
"""Methods side by side, at most."""

LARGEST_SIDE = 512
"""Rows or columns of a picture of grey values."""


TARGET = (
    "Class to explain: pred for the predicted one, or a class's name or number. "
    "Default: the second of two classes in every row of a table or list; "
    "for a single input and for more classes, pred."
)


class QuestionFields(BaseModel):
    """What is asked of every input: the fields of a `Question` that a request may fill in."""

    model_config = ConfigDict(extra="forbid")

    model: Name = Field(
        "", description="A name from /api/models. Default: bace for molecules, mnist for digits."
    )
    target: Name = Field("", description=TARGET)
    contrast: Name | None = Field(
        None, description="Class whose logit is subtracted; needs a named target."
    )
    endpoint: Name = Field(
        "", description="Target column of a model that has several. Default: the first."
    )
    fragments: Name | Annotated[list[Line], Field(max_length=MOST_PATTERNS)] = Field(
        "",
        description=(
            "Add `fragments` to the records: the id of a scheme, or your own patterns, "
            "a name and a SMARTS each."
        ),
    )

    def question(
        self, methods: Sequence[str], features: bool = False, structure: str = "halves"
    ) -> Question:
        """The question itself.

        Raises:
            ValueError: it cannot be asked.
        """
        fragments = self.fragments
        return Question(
            model=self.model,
            methods=tuple(dict.fromkeys(methods)),
            target=self.target,
            contrast=self.contrast,
            endpoint=self.endpoint,
            features=features,
            structure=structure,
            fragments=fragments if isinstance(fragments, str) else tuple(fragments),
        )


class Subjects(BaseModel):
    """What is asked about: one of the four."""

    inputs: list[str] | None = Field(
        None, min_length=1, description="SMILES, one for each molecule."
    )
    text: str | None = Field(
        None,
        description=(
            "Molecules as they are pasted: SMILES, lines of a SMILES and a name, mol blocks, "
            "or a table, with a header or without."
        ),
    )
    image: list[list[FiniteFloat]] | None = Field(
        None,
        description=(
            "A digit as rows of grey values, 0 to 1 or 0 to 255, of any size: "
            "28 × 28 is taken as it is, others are framed."
        ),
    )
    picture: str | None = Field(
        None, description="A digit as the base64 text of a PNG or JPEG file."
    )
    name: Name = Field("picture.png", description="File name of the picture.")


class ExplainRequest(QuestionFields, Subjects):
    """Inputs to explain by one or several methods."""

    methods: list[Name] = Field(
        ["lrp"], min_length=1, max_length=MOST_METHODS, description="Names from /api/methods."
    )
    features: bool = Field(
        False,
        description=(
            "Add each node's split over its input features to the records, and that of structure."
        ),
    )
    structure: Name = Field(
        "halves",
        description=(
            "Where the relevance of distances, bonds and offsets goes, if the method gives them "
            "any: in halves to the two nodes, or in a sum `apart`."
        ),
    )
    views: bool = Field(False, description="Add what a page needs to draw each input.")


class DrawnRequest(BaseModel):
    """A molecule as a sketcher draws it."""

    model_config = ConfigDict(extra="forbid")

    block: str = Field(max_length=500_000, description="A molfile, V2000 or V3000.")


class Drawn(BaseModel):
    """The same as text."""

    smiles: str = Field(description="RDKit's canonical SMILES, stereo included.")


class TextRequest(BaseModel):
    """Pasted text."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="SMILES, lines of a SMILES and a name, mol blocks, or a table.")


class Recognised(BaseModel):
    """What pasted text is."""

    file: str = Field(description="The file that it would be.")
    rows: int = Field(description="How many molecules it holds.")
    name: str = Field(description="Name of a single one, as the text has it; else empty.")


class Columns(BaseModel):
    """The columns of files, and what each is taken for."""

    columns: list[str] = Field(description="Names in all files, in order.")
    smiles: str = Field(description="The one of SMILES; empty if there is none, as in an SDF.")
    id: str = Field(description="The one of ids; empty if there is none.")
    error: str = Field(description="Why no column of SMILES was found, in one line; else empty.")


class PredictRequest(Subjects):
    """Inputs to predict."""

    model_config = ConfigDict(extra="forbid")

    model: Name = Field(
        "", description="A name from /api/models. Default: bace for molecules, mnist for digits."
    )
    target: Name = Field("", description=TARGET)
    endpoint: Name = Field(
        "", description="Target column of a model that has several. Default: the first."
    )

    def question(self) -> Question:
        """The question itself.

        Raises:
            ValueError: it cannot be asked.
        """
        return Question(
            model=self.model, target=self.target, endpoint=self.endpoint, relevances=False
        )


class Record(BaseModel):
    """One input explained by one method, with the keys of `molxai explain -o out.json`.

    An upload's other columns follow.
    """

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Name in the table, else the row's number.")
    row: int = Field(description="Counted from 0.")
    input: str = Field(description="The SMILES, or the file and the place in it.")
    smiles: str | None = Field(
        description="The molecule as it was explained, its atoms in the order of relevance."
    )
    status: Literal["ok", "error"] = Field(
        description="An input that cannot be read or explained is a record too."
    )
    error: str | None = Field(description="Why there is no explanation, in one line.")
    model: str | None = Field(description="Which model.")
    method: str | None = Field(description="Which method.")
    endpoint: str | None = Field(description="Which endpoint of a model that has several.")
    target: str | None = Field(
        description="The explained class; `a − b` for a contrast; none for a regression."
    )
    prediction: str | float | None = Field(
        description="The most probable class, or the predicted value."
    )
    probability: float | None = Field(description="The probability of the target's class.")
    logit: float | None = Field(description="The explained quantity.")
    unit: str | None = Field(description="Unit of logit and relevance.")
    logit_sd: float | None = Field(description="Ensembles: standard deviation over the members.")
    similarity: float | None = Field(
        description="Predictions: Tanimoto similarity to the nearest training molecule."
    )
    outputs: dict[str, float] | None = Field(
        description="Predictions of a model with several targets: each one's."
    )
    atoms: list[int] | None = Field(
        description="Number of each atom in the input, from 0, if it is another one there."
    )
    relevance: list[float] | None = Field(
        description="One of each atom or superpixel, in order; positive speaks for the target."
    )
    relevance_sd: list[float] | None = Field(
        description="Ensembles: standard deviation over the members."
    )
    relevance_error: list[float] | None = Field(
        description="Shapley values: standard error of the relevance, from the spread of orders."
    )
    token_relevance: float | None = Field(description="Relevance that ended in the graph token.")
    bias_relevance: float | None = Field(description="Relevance that ended in the model's biases.")
    structure_relevance: float | None = Field(
        description="Relevance of structure that no node has; 0 if nodes have it."
    )
    gap: float | None = Field(
        description=(
            "logit − Σ relevance − token_relevance − bias_relevance − structure_relevance: "
            "zero for a method that conserves."
        )
    )
    convergence_delta: float | None = Field(
        description="Integrated gradients and Shapley values: how far they are from converged."
    )
    notes: list[str] | None = Field(
        description="What was changed or approximated when the input was read."
    )


class Explained(BaseModel):
    """Records of every input by every method, inputs first; views of every input, if asked for."""

    records: list[Record]
    views: list[dict[str, Any]] | None


class Predicted(BaseModel):
    """Records of every input, without relevances."""

    records: list[Record]


class JobAnswer(BaseModel):
    """How far an upload is, and a page of its results."""

    id: str
    file: str
    single: bool = Field(description="Whether it is one input, and no table.")
    pasted: bool = Field(description="Whether it was pasted: /api/jobs/ID/text has the text.")
    reads: Literal["molecules", "digits"]
    model: str
    methods: list[str]
    smiles_column: str = Field(description="As asked; empty if it was found.")
    id_column: str = Field(description="As asked; empty if it was found.")
    label_column: str = Field(description="As asked.")
    state: Literal["waiting", "running", "done", "cancelled", "failed"]
    columns: list[str] = Field(
        description="Columns of the upload that are neither structure nor name."
    )
    total: int = Field(description="Rows of the upload.")
    done: int = Field(description="Rows that are done.")
    errors: int = Field(description="How many of those have no explanation.")
    error: str | None = Field(description="Why the job failed.")
    next: int | None = Field(
        description="Where the next page of results starts; none if all so far are told."
    )
    records: list[Record] | None
    views: list[dict[str, Any]] | None


class ModelCard(BaseModel):
    """A served model."""

    name: str
    reads: Literal["molecules", "digits"]
    task: Literal["binary", "multiclass", "regression"]
    classes: list[str]
    endpoints: list[str] = Field(description="Targets of which one is explained at a time.")
    unit: str
    biases: str = Field(description="What the part of the biases is called.")
    members: int = Field(description="Networks of an ensemble.")
    kernel: int = Field(
        description="Training molecules of the kernel machine beside them; 0: there is none."
    )
    quality: dict[str, Any] = Field(
        description=(
            "Measured on data that it was not trained on; lists are value, lower and upper bound."
        )
    )
    data: str = Field(description="What it was trained on.")


class MethodCard(BaseModel):
    """An explanation method and what it promises."""

    name: str
    says: str = Field(description="What it is, in a line.")
    in_unit: bool = Field(description="Relevances have the unit of the output.")
    conserves: bool = Field(description="Relevances add up to the logit.")
    signed: bool = Field(description="Negative relevance speaks against the target.")
    by_target: bool = Field(description="Another target gives another relevance.")
    largest: int | None = Field(description="Nodes of the largest graph that it takes.")
    passes: tuple[int, int] = Field(
        description=f"Forward and backward passes for a graph of {USUAL_NODES} nodes."
    )


class Refusal(BaseModel):
    """Why a request was refused."""

    error: str = Field(description="One readable line.")
