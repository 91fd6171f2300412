"""`molxai models` and `molxai methods`."""


def models() -> None:
    """The shipped models with what they were trained on and how well they do."""
    from graphormer.network.checkpoint import read_card, shipped
    from molxai.cli.terminal import console, show_model

    for path in shipped().values():
        show_model(read_card(path), console())


def methods() -> None:
    """The explanation methods: what each is, and what it promises."""
    from molxai.cli.terminal import console, show_records
    from molxai.cli.wide_tables import show_table
    from molxai.explanation.methods import EXPLAINERS

    out = console()
    show_table(
        ("method", "what it is"), [(name, EXPLAINERS[name].says) for name in EXPLAINERS], out
    )
    out.print()
    columns = ("method", "conserves", "signed", "by target", "passes", "nodes")
    rows = []
    for name, one in EXPLAINERS.items():
        ahead, back = one.passes(30)
        promises = {"conserves": one.conserves, "signed": one.signed, "by target": one.by_target}
        shown = {key: "yes" if value else "no" for key, value in promises.items()}
        rows.append(
            {"method": name}
            | shown
            | {"passes": f"{ahead} + {back}", "nodes": f"≤ {one.largest}" if one.largest else "any"}
        )
    show_records(rows, columns, out)
    for line in PROMISES:
        out.print(line, markup=False)


PROMISES = (
    "conserves: its relevances add up to the logit. signed: they say for or against.",
    "by target: they differ between classes. nodes: the largest graph that it takes.",
    "passes: forward + backward, for a graph of 30 nodes; this is what it costs.",
)
"""What the columns of the methods mean."""
