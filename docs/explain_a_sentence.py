"""Which words made a model say so? Prints each word's relevance, and draws sentence.svg.

    python docs/explain_a_sentence.py FOLDER "a gripping, funny film"

FOLDER holds a classifier as Hugging Face saves it; docs/train_sentences.py trains one.
"""

import sys

from molxai.text import TextExplainer

folder, text = sys.argv[1:]
explanation = TextExplainer(folder)(text)
sentence = explanation.subject
by_word = sentence.of_words(explanation.relevance.tolist())
for word, relevance in zip(sentence.words, by_word, strict=True):
    print(f"{relevance:+8.4f}  {word}")
print(f"{explanation.logit:+8.4f}  logit of {explanation.target_name}, gap {explanation.gap:.1e}")
explanation.draw("sentence.svg")
