"""How this package's templates are filled.

Takes whether what is put in must be escaped, gives a Jinja environment whose filters write numbers
and names as `wording` does. A name that a template asks for and nobody gives is an error.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from signpaths import wording

TEMPLATES = Path(__file__).parent


def environment(*, escape: bool) -> Environment:
    """Give the environment; pages escape what is put in, Markdown does not."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        *(wording.count, wording.counted, wording.percent, wording.number, wording.signed),
        *(wording.significant, wording.plain, wording.printable, wording.sentence),
    )
    made.filters |= {one.__name__: one for one in filters}
    return made
