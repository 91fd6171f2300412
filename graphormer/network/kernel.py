"""A kernel machine on bags of entries: what a graph's likeness to the training graphs says of it.

A graph's bag says how often each entry of the vocabulary describes one of its nodes: 20 carbons,
7 aromatic atoms, 2 of this environment. Two bags are as alike as what they share is large beside
what either holds, which is the MinMax kernel of Ralaivola et al. 2005 ("Graph kernels for chemical
informatics", Neural Networks 18, 1093) with a weight for each entry:

    k(c, d) = Σₑ wₑ min(cₑ, dₑ) / Σₑ wₑ max(cₑ, dₑ)
    f(c) = b + Σⱼ αⱼ k(c, dⱼ)                        over the training graphs j

What is shared is a sum over entries, and an entry's occurrences lie at nodes. So f is a sum over
nodes as soon as the denominators are held, as the scale of a layer norm is (docs/methods.md).

Design constraints:
- min(c, d) is counted in levels: level t of an entry says that it occurs at least t times, and two
  bags share the levels that both reach. So what is shared is one matrix product for all graphs.
- It is called as a network is, by `embed` and `predict`, so every method that asks for no layers
  can explain it. Its input embeddings are the weights of a node's entries, one by one.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from graphormer.graphs.graph import GraphBatch
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.inputs import GraphInputs
from graphormer.network.model import Config

STATED_WEIGHT = 0.25
"""Weight of what a node says of itself; an environment, which tells molecules apart, has 1.

On folds 1/8 and 1/4 are alike, and 0 and 1 are worse (docs/models.md)."""

EVEN = 0.5
"""Share of a kernel machine whose share nobody chose."""


class Kernel(GraphInputs, nn.Module):
    """Graphs in, logits or values out, by their likeness to training graphs."""

    def __init__(self, config: Config, vocabulary: Vocabulary, graphs: int, items: int) -> None:
        """A machine without numbers.

        Args:
            config: of the networks that it stands beside; its task and outputs count.
            vocabulary: of the graphs.
            graphs: training graphs.
            items: distinct entries in each of their bags, summed over all.
        """
        super().__init__()
        self.config = config
        self.vocabulary = vocabulary
        self.coefficients = nn.Parameter(torch.zeros(graphs, config.outputs))
        self.offset = nn.Parameter(torch.zeros(config.outputs))
        self.graphs: Int[Tensor, " items"]
        self.entries: Int[Tensor, " items"]
        self.amounts: Int[Tensor, " items"]
        self.share: Float[Tensor, ""]
        """In the output beside networks, which have the rest."""
        self.register_buffer("share", torch.tensor(EVEN))
        self.register_buffer("graphs", torch.zeros(items, dtype=torch.int32))
        self.register_buffer("entries", torch.zeros(items, dtype=torch.int32))
        self.register_buffer("amounts", torch.zeros(items, dtype=torch.int32))
        self._known: Levels | None = None

    @property
    def base_values(self) -> Float[Tensor, " outputs"]:
        """The constants that outputs begin at."""
        return self.offset.detach()

    @property
    def levels(self) -> "Levels":
        """What the training graphs reach, made once for each device."""
        device = self.coefficients.device
        if self._known is None or self._known.sizes.device != device:
            # They stay, and gradients will need them, whoever asks first.
            with torch.inference_mode(False), torch.no_grad():
                self._known = levels(self)
        return self._known

    def forward(self, batch: GraphBatch) -> Float[Tensor, "batch outputs"]:
        return self.predict(self.embed(batch), batch)

    def embed(self, batch: GraphBatch) -> Float[Tensor, "batch tokens slots"]:
        """The weight of each entry of each node; the graph token, which comes first, has none."""
        weights = batch.weights * batch.mask[:, :, None]  # (batch, nodes, slots)
        return F.pad(weights.to(self.coefficients.dtype), (0, 0, 1, 0))

    def predict(
        self,
        tokens: Float[Tensor, "batch tokens slots"],
        batch: GraphBatch,
        holds_either: bool = False,
        holds_ratio: bool = False,
    ) -> Float[Tensor, "batch outputs"]:
        """Logits or values from the weights of entries.

        What is held is a constant for gradients, and changes no output.

        Args:
            tokens: what `embed` gives.
            batch: the graphs.
            holds_either: whether the denominators are held.
            holds_ratio: whether min(c, d) / c is held. With both, gradient × input sums to the
                output less the offset.
        """
        # In float64: training graphs speak for and against, and little is left of their sum.
        bags = self.bags(tokens.double(), batch)
        likeness = self.likeness(bags, holds_either, holds_ratio)
        values = likeness @ self.coefficients.double() + self.offset
        return values.to(tokens.dtype)

    def reading(self, batch: GraphBatch) -> Float[Tensor, "batch tokens"]:
        """The share of each token in what is read out: the same for each node."""
        share = batch.mask / batch.mask.sum(1, keepdim=True).clamp_min(1)  # (batch, nodes)
        return F.pad(share.to(self.coefficients.dtype), (1, 0))

    def bags(
        self, tokens: Float[Tensor, "batch tokens slots"], batch: GraphBatch
    ) -> Float[Tensor, "batch entries"]:
        """How often each entry of the vocabulary occurs in each graph."""
        empty = tokens.new_zeros(len(batch), self.vocabulary.node_entries)
        codes = batch.codes.long().flatten(1)  # (batch, nodes * slots)
        return empty.scatter_add(1, codes, tokens[:, 1:].flatten(1))

    def likeness(
        self,
        bags: Float[Tensor, "batch entries"],
        holds_either: bool = False,
        holds_ratio: bool = False,
    ) -> Float[Tensor, "batch graphs"]:
        """The likeness of each bag and each training graph's; arguments as for `predict`."""
        levels = self.levels
        amounts = bags[:, levels.entry]  # (batch, levels)
        # Most levels are of entries that no graph of the batch has.
        some = (amounts > levels.below).any(0).nonzero().squeeze(1)
        amounts = amounts[:, some]
        # At a whole number the slope is that of what goes: a ReLU has none at 0.
        reached = (amounts - levels.below[some]).relu().clamp_max(1)
        if holds_ratio:
            reached = amounts * (reached / amounts.clamp_min(LEAST)).detach()
        shared = (reached * levels.weight[some]) @ levels.reached[some].double()
        size = (bags * levels.entry_weight).sum(1, keepdim=True)  # (batch, 1)
        either = size + levels.sizes - shared  # (batch, graphs)
        return shared / (either.detach() if holds_either else either)


LEAST = 1e-6
"""An amount below which an entry does not occur, so that none is divided by 0."""


@dataclass(frozen=True)
class Levels:
    """The levels that the bags of the training graphs reach, in the order of their entries."""

    entry: Int[Tensor, " levels"]
    below: Float[Tensor, " levels"]
    """How often the entry occurs in the level below. All numbers are in float64."""
    weight: Float[Tensor, " levels"]
    reached: Bool[Tensor, "levels graphs"]
    """Which training graphs reach each."""
    sizes: Float[Tensor, " graphs"]
    """Σ wₑ dₑ of each."""
    entry_weight: Float[Tensor, " entries"]
    """wₑ."""


def levels(kernel: Kernel) -> Levels:
    """The levels of a kernel machine's training graphs."""
    coefficients = kernel.coefficients
    vocabulary = kernel.vocabulary
    graphs = kernel.graphs.long()  # (items,)
    entries = kernel.entries.long()  # (items,)
    amounts = kernel.amounts.long()  # (items,)
    most = entries.new_zeros(vocabulary.node_entries)
    most.scatter_reduce_(0, entries, amounts, "amax")  # (entries,)
    entry, below = _counted(most)
    first_level = most.cumsum(0) - most  # (entries,)
    item, step = _counted(amounts)
    reached = torch.zeros(len(entry), len(coefficients), dtype=torch.bool, device=entry.device)
    reached[first_level[entries[item]] + step, graphs[item]] = True
    entry_weight = torch.ones_like(most, dtype=torch.float64)
    entry_weight[: vocabulary.stated_entries] = STATED_WEIGHT
    sizes = entry_weight.new_zeros(len(coefficients))
    sizes.index_add_(0, graphs, amounts * entry_weight[entries])
    return Levels(entry, below.double(), entry_weight[entry], reached, sizes, entry_weight)


def _counted(
    counts: Int[Tensor, " things"],
) -> tuple[Int[Tensor, " all"], Int[Tensor, " all"]]:
    """Each thing as often as its count, and 0, 1, 2 … of each.

    Example:
        >>> thing, number = _counted(torch.tensor([2, 0, 1]))
        >>> thing.tolist(), number.tolist()
        ([0, 0, 2], [0, 1, 0])
    """
    thing = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    first = counts.cumsum(0) - counts
    number = torch.arange(len(thing), device=counts.device) - first[thing]
    return thing, number
