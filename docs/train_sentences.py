"""Train a classifier of sentences from scratch, to try explanations on.

    python docs/train_sentences.py sentences.csv FOLDER
    molxai benchmark faithfulness FOLDER/test.csv -m FOLDER --target-columns class

The table has the columns `id`, `rating` and `text`. Sentences rated below 0 are one class, those
above the other; what lies between −0.5 and 0.5 is left out. The id decides the part: two tenths are
for the test, one for choosing the epoch. A model that lies in the folder already is not trained
again. Its test accuracy is compared with that of a logistic regression on counts of words.
"""

import argparse
import csv
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tokenizers
import torch
import torch.nn.functional as F
import transformers
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from torch import Tensor

CLEAR = 0.5
"""Least size of the rating of a sentence that is used."""

CLASSES = ("negative", "positive")

OWN = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
"""Entries 0 to 3 of the vocabulary."""

LEAST_OFTEN = 3
"""How often a word of the vocabulary stands in the train part at least."""

LONGEST = 64
"""Tokens of a sentence at most."""

TEST = "test.csv"
"""File of the test sentences, beside the model."""

EPOCHS = 5
BATCH = 64
RATE = 1e-3
DECAY = 0.3
UNKNOWN = 0.3
"""Share of words that are taken for unknown in training, so that the model knows such sentences."""


@dataclass(frozen=True)
class Part:
    texts: list[str]
    labels: list[int]


def parts(table: Path) -> dict[str, Part]:
    """The sentences of each part."""
    rows: dict[str, list[tuple[str, int]]] = defaultdict(list)
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rating = float(row["rating"])
            if abs(rating) >= CLEAR:
                tenth = zlib.crc32(row["id"].encode()) % 10
                part = "test" if tenth < 2 else "valid" if tenth == 2 else "train"
                rows[part].append((row["text"], int(rating > 0)))
    return {
        part: Part([text for text, _ in pairs], [label for _, label in pairs])
        for part, pairs in rows.items()
    }


def tokenizer_of(texts: Sequence[str]) -> transformers.PreTrainedTokenizerFast:
    """Lower-case words and signs, between `[CLS]` and `[SEP]`."""
    normalizer = tokenizers.normalizers.BertNormalizer()
    cutter = tokenizers.pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in cutter.pre_tokenize_str(normalizer.normalize_str(text)))
    words = sorted(word for word, count in counts.items() if count >= LEAST_OFTEN)
    vocabulary = {word: number for number, word in enumerate((*OWN, *words))}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.normalizer = normalizer
    inner.pre_tokenizer = cutter
    inner.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = ("pad_token", "unk_token", "cls_token", "sep_token")
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, model_max_length=LONGEST, **dict(zip(names, OWN, strict=True))
    )


def new_model(words: int) -> transformers.BertForSequenceClassification:
    """Two layers of BERT, without any pretraining."""
    names = dict(enumerate(CLASSES))
    config = transformers.BertConfig(
        vocab_size=words,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        hidden_dropout_prob=0.3,
        max_position_embeddings=LONGEST,
        id2label=names,
        label2id={name: number for number, name in names.items()},
    )
    return transformers.BertForSequenceClassification(config)


def batches(
    tokenizer: transformers.PreTrainedTokenizerFast, part: Part, order: Sequence[int]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Ids, masks and labels."""
    for begin in range(0, len(order), BATCH):
        rows = order[begin : begin + BATCH]
        texts = [part.texts[row] for row in rows]
        encoded = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        labels = torch.tensor([part.labels[row] for row in rows])
        yield encoded.input_ids, encoded.attention_mask, labels


def train(sentences: Mapping[str, Part], folder: Path, seed: int) -> None:
    """A folder with the model of the epoch that is best on the valid part, and its tokenizer."""
    torch.manual_seed(seed)
    tokenizer = tokenizer_of(sentences["train"].texts)
    model = new_model(len(tokenizer))
    steps = EPOCHS * -(-len(sentences["train"].texts) // BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    best = 0.0
    for epoch in range(EPOCHS):
        model.train()
        order = torch.randperm(len(sentences["train"].texts)).tolist()
        for ids, mask, labels in batches(tokenizer, sentences["train"], order):
            is_hidden = (torch.rand(ids.shape) < UNKNOWN) & (ids >= len(OWN))
            ids = ids.masked_fill(is_hidden, OWN.index("[UNK]"))
            logits = model(input_ids=ids, attention_mask=mask).logits
            loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        share = accuracy(model, tokenizer, sentences["valid"])
        print(f"epoch {epoch + 1} of {EPOCHS}: valid accuracy {share:.3f}", flush=True)
        if share >= best:
            best = share
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)


@torch.no_grad()
def accuracy(
    model: transformers.BertForSequenceClassification,
    tokenizer: transformers.PreTrainedTokenizerFast,
    part: Part,
) -> float:
    """Share of sentences of which the class is right."""
    model.eval()
    right = 0
    for ids, mask, labels in batches(tokenizer, part, range(len(part.texts))):
        logits = model(input_ids=ids, attention_mask=mask).logits
        right += int((logits.argmax(1) == labels).sum())
    return right / len(part.texts)


def bag_of_words(sentences: Mapping[str, Part]) -> float:
    """Test accuracy of a logistic regression on counts of words, its strength chosen on valid."""
    counter = CountVectorizer()
    counts = counter.fit_transform(sentences["train"].texts)
    fits = []
    for strength in (0.03, 0.1, 0.3, 1.0, 3.0):
        fit = LogisticRegression(C=strength, max_iter=2000)
        fit.fit(counts, sentences["train"].labels)
        valid = fit.score(counter.transform(sentences["valid"].texts), sentences["valid"].labels)
        fits.append((valid, strength, fit))
    _, _, chosen = max(fits)
    test = sentences["test"]
    return float(chosen.score(counter.transform(test.texts), test.labels))


def write_test(part: Part, path: Path) -> None:
    """The test sentences with their classes, for `molxai benchmark faithfulness`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "class"])
        for text, label in zip(part.texts, part.labels, strict=True):
            writer.writerow([text, CLASSES[label]])


def main() -> None:
    """Train, compare with a bag of words, write the test sentences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("folder", type=Path, help="where the model is, or will be")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sentences = parts(given.table)
    if not (given.folder / "config.json").is_file():
        train(sentences, given.folder, given.seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(given.folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(given.folder)
    own = accuracy(model, tokenizer, sentences["test"])
    write_test(sentences["test"], given.folder / TEST)
    print(f"test accuracy {own:.3f}, of a bag of words {bag_of_words(sentences):.3f}")


if __name__ == "__main__":
    main()
