"""The models that are served, each read when it is first asked for and then kept."""

from threading import Lock

from graphormer.names import unknown
from molxai.explanation.explainer import Explainer
from molxai.serve.settings import Settings


class ModelCache:
    """Explainers by the names that requests may give.

    Each queue has its own cache, so that no two threads share a network.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loaded: dict[str, Explainer] = {}
        self.loading = Lock()

    def explainer(
        self, model: str, method: str = "lrp", endpoint: str = "", structure: str = "halves"
    ) -> Explainer:
        """The model of that name, asked by that method.

        Raises:
            FileNotFoundError: no such model is served.
            ValueError: no such method or endpoint, or the model's files do not fit each other.
        """
        weights = self.settings.models.get(model)
        if weights is None:
            raise FileNotFoundError(unknown("model", model, self.settings.models, where="here"))
        with self.loading:
            if model not in self.loaded:
                explainer = Explainer(weights, device=self.settings.device)
                _ = explainer.known  # read once here, and not for each copy that is handed out
                self.loaded[model] = explainer
        return self.loaded[model].with_method(method, endpoint, structure)
