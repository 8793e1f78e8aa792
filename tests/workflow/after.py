"""Which rules run again after which: the words of the tests of reruns."""

# Provenance tells the code of every stage and the whole config, and the page shows it.
PAGE = {"provenance", "report", "all"}
# What is made of the stability, whatever changed it.
AFTER_STABILITY = {"stability", "evidence", "method", "figures", "explorer"} | PAGE
# What is drawn of single networks, with what was measured of them.
DRAWN = {"sightings", "run_figures", "film"}
AFTER_CLOSENESS = {"agreement", "shared_map"} | DRAWN | AFTER_STABILITY
AFTER_ALIGNMENT = {"paths", "quality", "closeness", "excerpts"} | AFTER_CLOSENESS
# Other bottlenecks, trained and compared.
BOTTLENECKS = {"other_bottleneck", "bottlenecks"}
# The reference, and what is turned onto it.
SHARED = {"reference", "alignment", "shared"}
NAMED = {"named_signs", "figures", "run_figures"} | PAGE
UNITS = {"units", "method", "run_figures"} | PAGE
AFTER_AUTOENCODER = {"autoencoder"} | BOTTLENECKS | AFTER_ALIGNMENT
AFTER_ACTIVATIONS = {"activations", "responses", "units"} | SHARED | AFTER_AUTOENCODER
AFTER_LSTM = {"lstm"} | AFTER_ACTIVATIONS
AFTER_SPLITS = {"splits", "closeness_raw"} | AFTER_LSTM
AFTER_SEQUENCES = {"sequences"} | NAMED | AFTER_SPLITS
AFTER_RECORDINGS = {"tsd"} | AFTER_SEQUENCES
EVERYTHING = {"networks"} | AFTER_RECORDINGS
SIMULATED = {"simulate"} | AFTER_RECORDINGS
# What every network has for itself.
OF_A_NETWORK = (
    *("lstm", "activations", "autoencoder", "alignment", "paths", "closeness", "quality"),
    *("responses", "excerpts"),
)
