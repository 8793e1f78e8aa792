"""The command line: one command a stage, `python -m signpaths <stage> …`.

Each stage is a typed function; cyclopts reads its signature and docstring. The modules are imported
only when their command runs, so `--help` is quick and TensorFlow stays out of it.
"""

import sys

from cyclopts import App

from signpaths import __version__
from signpaths.errors import UserError

STAGES = {
    "simulate": "Write simulated glove recordings with planted truth.",
    "tsd": "Read .tsd recordings from a folder or an archive.",
    "sequences": "Choose the examples and pad them to one length.",
    "splits": "Split the examples in training, validation and test.",
    "lstm": "Train one LSTM classifier.",
    "activations": "Write the hidden states of a trained network and of its untrained twin.",
    "autoencoder": "Train one denoising autoencoder on hidden states.",
    "paths": "Project the hidden states to two and three dimensions.",
    "closeness": "Measure how close every pair of signs is in one run.",
    "closeness-raw": "Measure how close every pair of signs is in the raw signals.",
    "stability": "Say which pairs stay close over retrainings.",
    "quality": "Measure how far the paths of one LSTM are to be trusted.",
    "agreement": "Measure how alike the runs are, and flag those that stand out.",
    "evidence": "Hold closeness against held-out mistakes, and claims against the retrainings.",
    "method": "Say in words what was computed.",
    "figures": "Draw the figures.",
    "provenance": "Write down what made the study.",
    "report": "Write the report, one self-contained page.",
    "findings": "Print what a study found, in three lines.",
}

app = App(
    name="signpaths",
    version=__version__,
    help="Which pairs of classes are close in what a recurrent network learns, and stay close?",
)
for stage, summary in STAGES.items():
    module = stage.partition("-")[0]
    app.command(f"signpaths.{module}:{stage.replace('-', '_')}", name=stage, help=summary)


def main() -> None:
    """Run a command; say what the user can mend in one message, without a traceback."""
    try:
        app()
    except UserError as error:
        print(f"signpaths {' '.join(sys.argv[1:2])}: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
