"""Sentences explained: which words made a language model say so. Needs transformers."""

from molxai.explanation.sentence import Sentence as Sentence
from molxai.text.explainer import TextExplainer as TextExplainer
from molxai.text.pair import SentencePair as SentencePair
from molxai.text.pair import sentence_pair as sentence_pair
