"""Small models of other families, random in every parameter, with inputs of two examples each."""

import pytest
import torch
from torch import nn
from torch_geometric.nn import GATv2Conv, GINConv, GPSConv, TransformerConv, global_add_pool

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()

DOUBLE = torch.float64


class Encoder(nn.Module):
    """A stock encoder with a read-out token."""

    def __init__(self, activation="relu", pre=True, first=True):
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            8, 2, 12, batch_first=first, activation=activation, norm_first=pre
        )
        self.body, self.head, self.first = (
            nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
            nn.Linear(8, 3),
            first,
        )

    def forward(self, x, mask=None):
        h = self.body(x, src_key_padding_mask=mask)
        return self.head(h[:, 0] if self.first else h[0])


class Graphs(nn.Module):
    """Two layers over the edges, and a head on the pooled nodes."""

    def __init__(self, one, two, act=torch.relu):
        super().__init__()
        self.one, self.two, self.head, self.act = one, two, nn.Linear(8, 3), act

    def forward(self, x, edge_index, batch, edge_attr=None):
        more = {} if edge_attr is None else {"edge_attr": edge_attr}
        more |= {"batch": batch} if isinstance(self.one, GPSConv) else {}
        h = self.act(self.one(x, edge_index, **more))
        return self.head(global_add_pool(self.two(h, edge_index, **more), batch))


GRAPHS = {
    "edge_index": torch.tensor([[0, 1, 2, 3, 4, 5, 1, 2, 0, 4], [1, 2, 0, 4, 5, 3, 0, 1, 2, 3]]),
    "batch": torch.tensor([0, 0, 0, 1, 1, 1]),
}
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
SIZES = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "num_labels": 3,
}


def encoder(activation, pre, first):
    x = torch.randn(2, 5, 8, dtype=DOUBLE)
    return Encoder(activation, pre, first), x if first else x.transpose(0, 1), {"mask": MASK == 0}


def sentences(kind, attention, **changes):
    name = {"BERT": "Bert", "GPT-2": "GPT2", "Llama": "Llama"}[kind]
    sizes = (
        {"n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 9, "num_labels": 3}
        if kind == "GPT-2"
        else SIZES
    )
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config = getattr(transformers, f"{name}Config")(
        vocab_size=11, attn_implementation=attention, **sizes, **special, **changes
    )
    model = getattr(transformers, f"{name}ForSequenceClassification")(config)
    masks = (
        {"attention_mask": MASK} if (kind, attention) != ("GPT-2", "sdpa") else {}
    )  # transformers 4.46 overflows there in float64
    return model, torch.randn(2, 5, 8, dtype=DOUBLE), {"argument": "inputs_embeds", **masks}


def pictures(attention):
    model = transformers.ViTForImageClassification(
        transformers.ViTConfig(image_size=8, patch_size=4, attn_implementation=attention, **SIZES)
    )
    return model, torch.randn(2, 3, 8, 8, dtype=DOUBLE), {}


def graphs(one, two, **more):
    return Graphs(one, two), torch.randn(6, 8, dtype=DOUBLE), GRAPHS | more


def gps(norm, act="relu"):
    return GPSConv(
        8,
        GINConv(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)), train_eps=True),
        heads=2,
        norm=norm,
        act=act,
    )


def edges():
    return torch.randn(10, 4, dtype=DOUBLE)


CASES = {
    **{
        f"nn.TransformerEncoder {activation} {'pre' if pre else 'post'}-norm"
        f"{'' if first else ', batch second'}": (
            "nn.TransformerEncoder",
            lambda a=activation, p=pre, f=first: encoder(a, p, f),
            "body.layers.0.self_attn.in_proj_bias",
        )
        for activation in ("relu", "gelu")
        for pre in (True, False)
        for first in (True, False)
    },
    **{
        f"{kind} {attention}": (
            kind,
            lambda k=kind, a=attention, m=more: sentences(k, a, **m),
            part,
        )
        for attention in ("eager", "sdpa")
        for kind, more, part in (
            ("BERT", {"max_position_embeddings": 9}, "bert.embeddings.position_embeddings.weight"),
            ("GPT-2", {}, "transformer.wpe.weight"),
            (
                "Llama",
                {
                    "attention_bias": True,
                    "mlp_bias": True,
                    "num_key_value_heads": 1,
                    "max_position_embeddings": 9,
                },
                "model.layers.1.mlp.up_proj.bias",
            ),
        )
    },
    **{
        f"ViT {a}": ("ViT", lambda a=a: pictures(a), "vit.embeddings.cls_token")
        for a in ("eager", "sdpa")
    },
    "TransformerConv": (
        "TransformerConv",
        lambda: graphs(TransformerConv(8, 4, 2), TransformerConv(8, 8)),
        "one.lin_skip.bias",
    ),
    "TransformerConv, edges": (
        "TransformerConv",
        lambda: graphs(
            TransformerConv(8, 4, 2, edge_dim=4),
            TransformerConv(8, 8, edge_dim=4),
            edge_attr=edges(),
        ),
        "edge_attr (input)",
    ),
    "TransformerConv, gated": (
        "TransformerConv, gated",
        lambda: graphs(TransformerConv(8, 4, 2, beta=True), TransformerConv(8, 8, beta=True)),
        "one.lin_skip.bias",
    ),
    "GATv2Conv": (
        "GATv2Conv",
        lambda: graphs(GATv2Conv(8, 4, 2, residual=True), GATv2Conv(8, 8)),
        "one.bias",
    ),
    "GATv2Conv, edges": (
        "GATv2Conv",
        lambda: graphs(
            GATv2Conv(8, 4, 2, edge_dim=4), GATv2Conv(8, 8, edge_dim=4), edge_attr=edges()
        ),
        "two.lin_l.bias",
    ),
    "GPSConv": (
        "GPSConv",
        lambda: graphs(gps("layer_norm"), gps("layer_norm", "gelu")),
        "one.norm1.bias",
    ),
    "GPSConv, graph norm": (
        "GPSConv",
        lambda: graphs(gps("graph_norm"), gps("graph_norm", "gelu")),
        "one.norm1.bias",
    ),
    "GPSConv, batch norm": (
        "GPSConv, batch norm",
        lambda: graphs(gps("batch_norm"), gps("batch_norm", "gelu")),
        "two.norm3.module.running_mean",
    ),
}


def randomised(model):
    """None of its parameters is zero, so that every term of the ledger is met."""
    with torch.no_grad():
        for one in (
            *model.parameters(),
            *(buffer for name, buffer in model.named_buffers() if "running" in name),
        ):
            one += 0.1 * torch.rand_like(one)
    return model.double().eval()


def case(name):
    torch.manual_seed(0)
    family, build, part = CASES[name]
    model, x, inputs = build()
    return family, randomised(model), x, inputs, part


def called(model, x, inputs):
    """The output's logits; x by its name or first."""
    named = {key: value for key, value in inputs.items() if key != "argument"}
    out = model(**{inputs["argument"]: x}, **named) if "argument" in inputs else model(x, **named)
    return getattr(out, "logits", out)
