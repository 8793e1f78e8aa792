"""How networks are trained again, in words: `seeds_vary` in, a phrase for a sentence out."""

# From, or on, what they are trained again, and what therefore differs between them.
AGAIN = {
    "training": "from different random starts",
    "split": "on different shares of the examples",
    "both": "from different random starts and on different shares of the examples",
}
DIFFER_IN = {
    "training": "initial weights and the order of the examples",
    "split": "the examples that they were trained on",
    "both": "initial weights, the order of the examples and the examples that they were trained on",
}
