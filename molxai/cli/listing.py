"""`molxai models` and `molxai methods`."""


def models() -> None:
    """The shipped models: their training data and their quality."""
    from graphormer.network.checkpoint import read_card, shipped
    from molxai.cli.terminal import console, show_model

    for path in shipped().values():
        show_model(read_card(path), console())


PROMISES = (
    "conserves: its relevances add up to the logit.",
    "signed: a negative relevance speaks against the target.",
    "by target: they differ between classes. nodes: the largest graph that it takes.",
    "passes: its cost, forward + backward, for a graph of 30 nodes.",
)
"""What the columns of the methods mean."""


def methods() -> None:
    """The explanation methods: what each is, and what it promises."""
    from molxai.batch.rows import USUAL_NODES
    from molxai.cli.terminal import console, show_records
    from molxai.cli.wide_tables import show_table
    from molxai.explanation.methods import EXPLAINERS

    out = console()
    show_table(
        ("method", "what it is"), [(name, EXPLAINERS[name].says) for name in EXPLAINERS], out
    )
    out.print()
    rows = []
    for name, method in EXPLAINERS.items():
        forward, backward = method.passes(USUAL_NODES)
        row = {
            "method": name,
            "conserves": _yes_or_no(method.conserves),
            "signed": _yes_or_no(method.signed),
            "by target": _yes_or_no(method.by_target),
            "passes": f"{forward} + {backward}",
            "nodes": f"≤ {method.largest}" if method.largest else "any",
        }
        rows.append(row)
    show_records(rows, tuple(rows[0]), out)
    for line in PROMISES:
        out.print(line, markup=False)


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
