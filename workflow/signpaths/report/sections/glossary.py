"""What the page's words mean; a word in the text points here, and shows it on hover.

Takes the limit of closeness, gives the words in their order.
"""

from typing import Any

from signpaths.report.study import Study
from signpaths.wording import PERCENT, plain

NAME = "Glossary"


def content(study: Study) -> list[dict[str, Any]]:
    """Give every word: its place in the page, how it is written and what it means."""
    k = plain(study.stability.attrs["k"])
    attrs = study.stability.attrs
    tau, sure = (f"{plain(100 * attrs[name])}{PERCENT}" for name in ("tau", "sure"))
    words = {
        "autoencoder": "A small network that learns to squeeze hidden states into two or three "
        "numbers, from which they can be restored. These numbers are the picture.",
        "average precision": "How well an order of the pairs puts certain ones first: 1 is "
        "perfect, their share of all pairs is chance.",
        "cause": "What a verdict is due to: the recordings, the network before any training, or "
        "training.",
        "CKA": "Centred kernel alignment: how alike the hidden states of two networks are, however "
        "they are turned; 0 is chance, 1 the same.",
        "close": f"A pair is close in one training if its mutual rank is at most k = {k}.",
        "energy coefficient": "How much two signs' examples overlap: 0 if they lie alike, near 1 "
        "if they are far apart for how much they vary.",
        "example": "One recording of a sign, one file.",
        "hidden state": "The numbers that the network gives out at one time step, after it has "
        "seen the sign so far.",
        "mutual rank": "How near two signs are among all signs: the geometric mean of the ranks "
        "that they give each other, so one of the two may be larger. 1 means that each is the "
        "other's nearest.",
        "interval": "Where a number may lie that only so many networks were asked for.",
        "likely": f"Said of an answer that fewer than {sure} of studies give whose networks are "
        "drawn anew from those of this study.",
        "LSTM": "Long short-term memory: the kind of recurrent network that is trained here. It "
        "reads a recording step by step.",
        "network": "One training of the recurrent network; its name is the seed that "
        "sets what differs between networks.",
        "path": "The hidden states of one example, step by step, projected to two or three "
        "dimensions.",
        "picture": "The paths of one network, projected to two or three dimensions, as they are "
        "drawn; and what such pictures make of a pair that stays close or is apart.",
        "π": "The share of networks in which a pair is close: an estimate of how often it is in a "
        "new network that is trained in the same way on the same examples.",
        "q": "What a test says of a pair, corrected for looking at so many pairs: small if chance "
        f"makes it unlikely that the pair is close in no more than {tau} of retrainings.",
        "reliability": "How alike the order of the pairs would be in another study of as many "
        "networks: 1 the same, 0 none.",
        "retraining": "Training the same network again from another seed.",
        "run": "One trained network, or one autoencoder trained on it.",
        "seed": "The number that fixes what is random in a training; another seed is another "
        "training.",
        "space": "Where closeness is measured: the raw signals, the hidden states, or a "
        "projection of them.",
        "verdict": "What all retrainings say of a pair: that it stays close, comes and goes, is "
        "apart, or that they cannot tell.",
    }
    return [
        {"id": word.replace(" ", "-"), "word": word, "meaning": text}
        for word, text in words.items()
    ]
