"""A notebook, with the outputs that it was committed with (tests run it again and compare), as a page."""

import base64
import json
import re
from pathlib import PurePosixPath

from sources import FOUND, as_page, linked, relative, text_of, with_rules

_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?)?")
_STYLE = re.compile(r"<style.*?</style>| style=\"[^\"]*\"| border=\"1\"", re.DOTALL)


def page_of(path: str) -> tuple[str, dict[str, bytes]]:
    """The Markdown of a notebook, and its pictures by their paths."""
    page, blocks = FOUND[path], []
    pictures: dict[str, bytes] = {}
    for cell in json.loads(text_of(path))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            blocks.append(with_rules(linked(as_page(source), path, page), page))
            continue
        blocks.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            blocks.append(_shown(output, page, pictures))
    return "\n\n".join(blocks) + "\n", pictures


def _shown(output: dict, page: str, pictures: dict[str, bytes]) -> str:
    """One output: a picture, a table, or text."""
    data = output.get("data", {})
    if "image/png" in data:
        name = f"{PurePosixPath(page).with_suffix('')}-{len(pictures) + 1}.png"
        pictures[name] = base64.b64decode(data["image/png"])
        said = "".join(data["text/plain"]) if "text/plain" in data else "a picture"
        return f"![{said.strip('<>')}]({relative(name, page)}){{ .shown }}"
    if "text/html" in data:
        # A line of its own each tag may have, but none may be blank: that ends a block of HTML.
        html = "\n".join(filter(str.strip, _STYLE.sub("", "".join(data["text/html"])).splitlines()))
        html = _INSTANT.sub(r'<span class="whole">\g<0></span>', html)
        return f'<div class="shown">\n{html}\n</div>'
    text = "".join(output["text"] if "text" in output else data["text/plain"])
    return f"```{{ .text .shown }}\n{text.rstrip()}\n```"
