"""signpaths: which pairs of classes stay close in what a recurrent network learns.

One module a stage, in the order of the data: simulate, tsd, sequences, splits, lstm, activations,
autoencoder, paths, closeness, stability, figures, report.
"""

__version__ = "0.1.0"
