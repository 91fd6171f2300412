"""Train a small BERT on a few sentences, and show which words made it say so.

Run with: python docs/explain_a_sentence.py "the food was not good" --out sentence.html
Needs transformers; takes a few seconds on one core and downloads nothing.
"""

import argparse
import html
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import BertConfig, BertForSequenceClassification

from molxai import conserve
from molxai.rendering.colour import colours, scale
from molxai.rules.conserve import Conserved

POSITIVE = """
the food was good
the food was very good
the soup was wonderful
the staff were friendly and the soup was good
what a lovely evening
i loved the music
a great film with a great cast
the film was funny and clever
the room was clean and quiet
we will come back soon
the service was quick
i was happy with the room
the story was not bad at all
the music was not bad
the soup was not cold
nothing was wrong with the room
not a dull moment in this film
the evening was a great success
""".strip().splitlines()

NEGATIVE = """
the food was bad
the food was very bad
the soup was cold
the staff were rude and the soup was cold
what a dull evening
i hated the music
a terrible film with a weak cast
the film was dull and long
the room was dirty and loud
we will not come back
the service was slow
i was not happy with the room
the story was not good at all
the music was not good
the food was not very good
the staff were not friendly
not a good moment in this film
the evening was a great disappointment
""".strip().splitlines()

SPECIAL = ("[PAD]", "[CLS]", "[UNK]")
"""Entries 0 to 2 of the vocabulary: padding, the read-out token, words that are not in it."""

STEPS = 80
"""Training steps, each on all sentences."""


def words(sentence: str) -> list[str]:
    """The tokens: the read-out token, and what blanks separate."""
    return ["[CLS]", *sentence.lower().split()]


def encode(sentences: Sequence[str], vocabulary: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Token ids, padded to the longest sentence, and the mask of what is no padding."""
    place = {word: i for i, word in enumerate(vocabulary)}
    rows = [[place.get(word, place["[UNK]"]) for word in words(sentence)] for sentence in sentences]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    return ids, (ids != 0).long()


def trained(vocabulary: Sequence[str]) -> BertForSequenceClassification:
    """A BERT of two layers that tells the sentences above apart."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=32,
        num_labels=2,
    )
    model = BertForSequenceClassification(config).train()
    ids, mask = encode([*POSITIVE, *NEGATIVE], vocabulary)
    labels = torch.tensor([1] * len(POSITIVE) + [0] * len(NEGATIVE))
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(STEPS):
        optimiser.zero_grad()
        model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        optimiser.step()
    return model.eval()


def explained(
    model: BertForSequenceClassification, vocabulary: Sequence[str], sentence: str
) -> Conserved:
    """Relevance of each token's embedding for the positive logit less the negative one."""
    model = model.double()
    ids, mask = encode([sentence], vocabulary)
    return conserve(
        model,
        at=model.get_input_embeddings(),
        input_ids=ids,
        attention_mask=mask,
        target=lambda output: output.logits[0, 1] - output.logits[0, 0],
    )


def page(tokens: Sequence[str], relevance: Sequence[float], account: Conserved) -> str:
    """The sentence as HTML: red words speak for a positive sentence, blue ones against."""
    spans = []
    for token, value, colour in zip(
        tokens, relevance, colours(relevance, scale(relevance)), strict=True
    ):
        red, green, blue = (round(255 * part) for part in colour)
        spans.append(
            f'<span title="{value:+.4f}" style="background: rgb({red}, {green}, {blue})">'
            f"{html.escape(token)}</span>"
        )
    added = sum(account.ledger.values())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Which words made it say so?</title>
<style>
body {{ font: 1.4em sans-serif; margin: 2em }}
span {{ padding: .2em .35em; border-radius: .3em }}
p + p {{ font-size: .6em }}
</style>
</head>
<body>
<p>{" ".join(spans)}</p>
<p>Positive less negative logit {account.logit:+.4f} = tokens {sum(relevance):+.4f}
+ what the model adds {added:+.4f}</p>
</body>
</html>
"""


def main() -> None:
    """Train, explain, print the sum, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentence", nargs="?", default="the food was not good")
    parser.add_argument("--out", type=Path, default=Path("sentence.html"), help="the page to write")
    given = parser.parse_args()
    vocabulary = [
        *SPECIAL,
        *sorted({word for sentence in (*POSITIVE, *NEGATIVE) for word in sentence.split()}),
    ]
    account = explained(trained(vocabulary), vocabulary, given.sentence)
    tokens, relevance = words(given.sentence), account.tokens[0].tolist()
    for token, value in zip(tokens, relevance, strict=True):
        print(f"{value:+9.4f}  {token}")
    print(f"{sum(relevance):+9.4f}  all tokens\n")
    for name, value in sorted(account.ledger.items(), key=lambda item: -abs(item[1])):
        print(f"{value:+9.4f}  {name}")
    print(f"{sum(account.ledger.values()):+9.4f}  all that the model adds\n")
    print(f"{account.logit:+9.4f}  positive less negative logit; gap {account.gap:.1e}")
    given.out.write_text(page(tokens, relevance, account), encoding="utf-8")
    print(f"wrote {given.out}")


if __name__ == "__main__":
    main()
