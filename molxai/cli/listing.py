"""`molxai models` and `molxai methods`."""


def models() -> None:
    """The shipped models: their training data and their quality."""
    from graphormer.network.checkpoint import read_card, shipped
    from molxai.cli.model_tables import show_model
    from molxai.cli.terminal import console

    for path in shipped().values():
        show_model(read_card(path), console())


def methods() -> None:
    """The explanation methods: what each is, and what it promises."""
    from molxai.cli.model_tables import show_methods
    from molxai.cli.terminal import console
    from molxai.explanation.methods import EXPLAINERS

    show_methods(EXPLAINERS.values(), console())
