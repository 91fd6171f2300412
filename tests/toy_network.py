"""The smallest transformer that methods can explain: lists of numbers, read out at their end."""

import zlib
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import nn

END = 0
"""Entry of the token that ends each list and is no node."""

NOTHING = 1
"""Entry of a node that says nothing."""


@dataclass(frozen=True)
class List:
    entries: tuple[int, ...]

    @property
    def nodes(self):
        return len(self.entries)


@dataclass(frozen=True)
class Lists:
    """Lists with the token `END` after their last node, so that places of nodes differ."""

    ids: torch.Tensor
    token_mask: torch.Tensor
    is_heard: torch.Tensor

    @property
    def mask(self):
        place = torch.arange(self.ids.shape[1] - 1)
        return place < self.token_mask.sum(1, keepdim=True) - 1

    @property
    def sizes(self):
        return self.mask.sum(1).tolist()

    @property
    def node_tokens(self):
        return torch.arange(self.ids.shape[1] - 1).expand(len(self), -1)

    def __len__(self):
        return len(self.ids)

    def to(self, target):
        return self

    def copies(self, rows):
        return Lists(self.ids[rows], self.token_mask[rows], self.is_heard[rows])

    def near(self, reach):
        place = torch.arange(self.ids.shape[1] - 1)
        is_near = (place[:, None] - place).abs() <= reach
        return is_near & self.mask[:, :, None] & self.mask[:, None]

    def content(self, row):
        return bytes(self.ids[row][self.token_mask[row]].tolist())


class Toy(nn.Module):
    """Two layers of attention and ReLU, without biases."""

    @dataclass(frozen=True)
    class Task:
        task: str = "multiclass"
        outputs: int = 3

    def __init__(self, width=8, heads=2):
        super().__init__()
        torch.manual_seed(zlib.crc32(b"toy"))
        self.config = self.Task()
        self.heads = heads
        self.table = nn.Parameter(torch.randn(12, width))
        self.parts = nn.ModuleList(
            nn.ModuleList(nn.Linear(width, size, bias=False) for size in (3 * width, width, width))
            for _ in range(2)
        )
        self.head = nn.Linear(width, self.config.outputs, bias=False)

    def forward(self, batch):
        return self.predict(self.embed(batch), batch)

    def embed(self, batch):
        return self.table[batch.ids] * (batch.ids != NOTHING)[:, :, None]

    def predict(self, tokens, batch):
        return self.read(self.layers(tokens, batch)[-1], batch)

    def layers(self, tokens, batch, before=lambda tokens: tokens):
        layers = []
        for qkv, out, feedforward in self.parts:
            tokens = before(tokens)
            y = F.layer_norm(tokens, tokens.shape[2:])
            q, k, v = qkv(y).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
            scores = (q @ k.mT).masked_fill(~batch.is_heard[:, None, None], -torch.inf)
            heard = (F.softmax(scores, -1) @ v).transpose(1, 2).flatten(2)
            tokens = tokens + out(heard)
            y = F.layer_norm(tokens, tokens.shape[2:])
            tokens = tokens + F.relu(feedforward(y))
            layers.append(tokens)
        return layers

    def read(self, tokens, batch):
        return self.head((tokens * self.reading(batch)[:, :, None]).sum(1))

    def reading(self, batch):
        end = batch.token_mask.sum(1) - 1
        return F.one_hot(end, batch.ids.shape[1]).to(self.table.dtype)

    def collate(self, inputs):
        longest = max(item.nodes for item in inputs) + 1
        rows = [[*item.entries, END] for item in inputs]
        ids = torch.tensor([row + [END] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[place < len(row) for place in range(longest)] for row in rows])
        return Lists(ids, mask, mask)

    def reduced(self, batch, rows, remaining, mode):
        copies = batch.copies(rows)
        is_left = F.pad(remaining, (0, 1), value=False)
        is_node = F.pad(copies.mask, (0, 1), value=False)
        if mode == "mask":
            ids = copies.ids.masked_fill(is_node & ~is_left, NOTHING)
            return replace(copies, ids=ids)
        return replace(copies, is_heard=copies.token_mask & (is_left | ~is_node))

    def induced(self, whole, remaining):
        return List(tuple(e for e, left in zip(whole.entries, remaining, strict=True) if left))
