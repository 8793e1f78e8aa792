"""The files of a checkout that are made from what the library declares.

Takes the models in `options` and the table in `stages`; gives the JSON schema for editors and the
workflow catalog, the key tables of config/README.md, lines for new keys in config/config.yaml, and
the README's list of stages. `make docs` writes them; a test holds them.
"""

import json
import math
import sys
import textwrap
from pathlib import Path

import yaml

from signpaths import stages
from signpaths.report import gallery
from signpaths.schema import Schema, expected, schema

WIDTH = 100


def documents(checkout: Path) -> dict[str, str]:
    """Give the text of every such file, by its path in the checkout."""

    def now(name: str) -> str:
        return (checkout / name).read_text(encoding="utf-8")

    return {
        "workflow/schemas/config.schema.yaml": schema_file(),
        "config/README.md": reference(),
        "config/config.yaml": base_config(now("config/config.yaml")),
        "README.md": stages.documented(now("README.md")),
        **{f"workflow/report/{name}": text for name, text in gallery.captions().items()},
    }


def schema_file() -> str:
    """Write workflow/schemas/config.schema.yaml, which editors and the workflow catalog read."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "signpaths config"}
    made = "# Made from workflow/signpaths/options.py by `make docs`.\n"
    return made + yaml.safe_dump(head | schema(), sort_keys=False, allow_unicode=True, width=96)


def base_config(text: str) -> str:
    """Give config/config.yaml with a line for every key that it lacks, described as in `options`.

    What stands there stays as it is, its comments included.
    """
    present = yaml.safe_load(text)
    lines = text.splitlines()
    for name, own in schema()["properties"].items():
        keys = own.get("properties")
        if name not in present:
            lines += ["", *_commented({name: own} if keys is None else {}, "")]
            lines += [f"{name}:"] if keys is not None else []
            present[name] = {}
        if keys is None:
            continue
        end = lines.index(f"{name}:") + 1
        for key, described in keys.items():
            if key not in (present[name] or {}):
                lines[end:end] = _commented({key: described}, "  ")
            # After the key's line and whatever is indented below it.
            end = next(i for i in range(end, len(lines)) if lines[i].startswith(f"  {key}:")) + 1
            while end < len(lines) and lines[end].startswith("   "):
                end += 1
    return "\n".join(lines) + "\n"


def _commented(keys: dict[str, Schema], indent: str) -> list[str]:
    """Write keys with their defaults, each below its description as a comment."""
    lines: list[str] = []
    for key, own in keys.items():
        width = WIDTH - len(indent) - 2
        lines += [f"{indent}# {line}" for line in textwrap.wrap(own["description"], width)]
        shown = yaml.safe_dump({key: own["default"]}, default_flow_style=True, width=math.inf)
        lines.append(indent + shown.strip()[1:-1])
    return lines


INTRODUCTION = """\
# Config

<!-- Made from workflow/signpaths/options.py by `make docs`. -->

| file | study |
| --- | --- |
| `config.yaml` | what a study of real recordings starts from. It names every key |
| `demo.yaml` | `make demo`: simulated recordings, small networks |
| `auslan.yaml` | the real recordings: 94 signs, 20 networks, 5 autoencoders of each |
| `sessions.yaml` | over `auslan.yaml`: tested on recording days that no network has trained on |
| `article.yaml` | over `auslan.yaml`: the article's own settings, flaws included |

`config.yaml` is always read first. Files given by `--configfile` are laid over it, one after
another, key by key, so a file of your own holds only what it changes:

```yaml
# my.yaml
study: my-study
data:
  source: recordings.zip
lstm:
  epochs: 60
```

```console
snakemake --configfile my.yaml
```

- `data.source` is the one key that every study has to set.
- A later value replaces an earlier one; so does a list. Maps (`data.aliases`) are merged: an
  earlier alias stays unless it is given again. `her: her` undoes one.
- The defaults below are those of `config.yaml`. They also hold where no file gives a key, as when
  another workflow uses this one as a module.
- A key that is not below is refused.
- Single values can be given on the command line, last of all and over every file:
  `--config study=trial lstm='{seeds: 5}'`. They become what their key takes, as in a file.
- YAML reads `yes`, `no`, `on`, `off` and numbers as such: put a sign of that name in quotes.
- Another `study` writes to another folder. In the same study, a changed key re-runs what depends on
  it and nothing else.
"""


def reference() -> str:
    """Write config/README.md: how configs are laid over each other, and a table a section."""
    keys = schema()["properties"]
    sections = {name: own for name, own in keys.items() if "properties" in own}
    top = {name: own for name, own in keys.items() if name not in sections}
    parts = [INTRODUCTION, "## At the top\n", _table(top)]
    for name, own in sections.items():
        parts += [f"## {name}\n", f"{own['description']}\n", _table(own["properties"])]
    return "\n".join(parts)


def _table(keys: dict[str, Schema]) -> str:
    rows: list[tuple[str, ...]] = [("key", "takes", "default", "what it does"), ("---",) * 4]
    for name, own in keys.items():
        default = own["default"]
        code = default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
        cells = (f"`{name}`", expected(own), f"`{code}`", own["description"])
        rows.append(tuple(cell.replace("|", "\\|") for cell in cells))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> None:
    """Bring the files of a checkout up to date: `python -m signpaths.documents <checkout>`."""
    for name, made in documents(Path(sys.argv[1])).items():
        (Path(sys.argv[1]) / name).write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
