"""Stage `networks`: how many networks in, their names out.

Takes the number of networks; gives `networks.txt`, one name a line, which the stages that read all
networks follow. A name is the seed that sets what differs between the networks.
"""

from pathlib import Path

from signpaths.options import NetworksOptions
from signpaths.stores import write_text


def networks(listed: Path, /, *, options: NetworksOptions = NetworksOptions()) -> None:
    """List the networks of a study.

    Parameters
    ----------
    listed
        The text file to write: one name a line.
    """
    write_text(listed, "".join(f"{seed}\n" for seed in range(options.seeds)))
