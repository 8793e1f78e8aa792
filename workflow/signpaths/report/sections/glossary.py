"""What the page's words mean; a word in the text points here, and shows it on hover.

Takes the limit of closeness, gives the words in their order.
"""

from typing import Any

from signpaths.report.study import Study
from signpaths.wording import plain

NAME = "Glossary"


def content(study: Study) -> list[dict[str, Any]]:
    """Give every word: its place in the page, how it is written and what it means."""
    k = plain(study.stability.attrs["k"])
    words = {
        "close": f"A pair is close in one training if its mutual rank is at most k = {k}.",
        "energy coefficient": "How much two signs' examples overlap: 0 if they lie alike, near 1 "
        "if they are far apart for how much they vary.",
        "example": "One recording of a sign, one file.",
        "hidden state": "The numbers that the network gives out at one time step, after it has "
        "seen the sign so far.",
        "mutual rank": "How near two signs are among all signs: the geometric mean of the ranks "
        "that they give each other, so one of the two may be larger. 1 means that each is the "
        "other's nearest.",
        "network": "One training of the recurrent network; its name is the seed that "
        "sets what differs between networks.",
        "path": "The hidden states of one example, step by step, projected to two or three "
        "dimensions.",
        "π": "The share of networks in which a pair is close: an estimate of how often it is in a "
        "new network that is trained in the same way on the same examples.",
        "run": "One trained network, or one autoencoder trained on it.",
        "seed": "The number that fixes what is random in a training; another seed is another "
        "training.",
        "space": "Where closeness is measured: the raw signals, the hidden states, or a "
        "projection of them.",
    }
    return [
        {"id": word.replace(" ", "-"), "word": word, "meaning": text}
        for word, text in words.items()
    ]
