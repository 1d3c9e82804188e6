"""The hook of MkDocs: adds the pages that are made of the code and of other files, and mends those written here."""

import re
from typing import Any

import frames
import inputs
import names
import notebook
import sources
import tables
from mkdocs.structure.files import File, Files

_README = re.compile(r"^<!-- README: (.*?) -->$", re.MULTILINE)


def made() -> dict[str, str]:
    """Every page that is not written here, by its path."""
    found = {**tables.pages(), **names.pages(), frames.PAGE: frames.page(), inputs.PAGE: inputs.page()}
    for path in (*sources.RULES, *sources.TEXTS):
        found[sources.FOUND[path]] = sources.page_of(path)
    return found


def on_files(files: Files, config: Any) -> Files:
    """Adds them, and the pictures."""
    for page, text in made().items():
        files.append(File.generated(config, page, content=text))
    for path in sources.NOTEBOOKS:
        text, pictures = notebook.page_of(path)
        files.append(File.generated(config, sources.FOUND[path], content=text))
        for name, picture in pictures.items():
            files.append(File.generated(config, name, content=picture))
    for path, name in sources.FILES.items():
        files.append(File.generated(config, name, abs_src_path=str(sources.ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Puts sections of the README where a page asks for them; numbers of rules and names become links."""
    uri = page.file.src_uri
    if page.file.generated_by is not None:
        return markdown
    return written(markdown, uri)


def written(markdown: str, page: str) -> str:
    """The Markdown of a page that is written here."""
    markdown = _README.sub(lambda found: sources.of_readme(found[1], page), markdown)
    return sources.with_rules(names.linked(sources.as_page(markdown), page), page)
