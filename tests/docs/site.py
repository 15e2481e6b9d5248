"""
The documentation as a site, which asks nobody else for anything.

    python -m tests.docs.site          gathers, checks the diagrams, builds build/site

Zensical builds it; warnings are errors. Diagrams are parsed by Mermaid itself, which is installed by npm into
the user's cache the first time, and is copied into the site so that no reader fetches it from elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from tests.docs.pages import INLINE, LINK, ROOT, Page, pages

PAGES, SITE = ROOT / "build" / "pages", ROOT / "build" / "site"
# Pages of the root and what they are called in the site.
FROM_ROOT = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "ROADMAP.md": "roadmap.md",
    "README.md": "index.md",
}
NPM = ("mermaid@11.17.2", "jsdom@29.1.1")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)-light\.svg\)")
FETCHED = re.compile(
    r'<(?:script|img|iframe|source)[^>]+src="(https?:[^"]+)"|<link[^>]+rel="?(?:stylesheet|preconnect)[^>]+>'
)
STYLE = """
.md-grid { max-width: 72rem; }
.md-typeset table:not([class]) { font-size: .68rem; }
.md-typeset table:not([class]) :is(th, td) { padding: .5em .8em; }
.md-typeset .mermaid { text-align: center; }
"""


def gather() -> None:
    """Copy every page into one folder, with links that fit there."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for page in pages():
        name = site_name(page.path)
        if name is not None and page.name != "README.md":
            target = PAGES / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(rewritten(page), "utf-8")
    shutil.copytree(ROOT / "docs" / "pictures", PAGES / "pictures")
    (PAGES / "site.css").write_text(STYLE)


def site_name(path: Path) -> str | None:
    """What a file of the project is called in the site; None for what is not in it."""
    if path.is_relative_to(ROOT / "docs"):
        return str(path.relative_to(ROOT / "docs"))
    return FROM_ROOT.get(str(path.relative_to(ROOT))) if path.is_relative_to(ROOT) else None


def rewritten(page: Page) -> str:
    """A page's text with its links as they are in the site; what stands in blocks stays."""
    prose = {number for number, _ in page.prose}
    lines = enumerate(page.path.read_text("utf-8").splitlines(keepends=True), 1)
    runs = [
        (told, "".join(line for _, line in run))
        for told, run in groupby(lines, lambda each: each[0] in prose)
    ]
    return "".join(relinked(page, text) if told else text for told, text in runs)


def relinked(page: Page, text: str) -> str:
    """Prose with its links changed, but for those that are code."""
    kept = [match.span() for match in INLINE.finditer(text)]

    def change(match: re.Match[str]) -> str:
        if any(start <= match.start() < end for start, end in kept):
            return match[0]
        target = moved(page, match[1])
        words = match[0][: -len(match[1]) - 2]
        return f"{words}({target})" if target is not None else words.lstrip("!").strip("[]")

    return PICTURE.sub(r"![\1](\2-light.svg#only-light)![\1](\2-dark.svg#only-dark)", LINK.sub(change, text))


def moved(page: Page, target: str) -> str | None:
    """A link's target in the site; None where the site has no such page."""
    parts = urlsplit(target)
    if parts.scheme or not parts.path:
        return target
    name = site_name((page.path.parent / parts.path).resolve())
    if name is None or (ROOT / "docs" / name).is_dir():
        return None
    here = (PAGES / (site_name(page.path) or "")).parent
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return os.path.relpath(PAGES / name, here) + fragment


def diagrams() -> Iterator[tuple[str, str]]:
    """Every Mermaid block with its place."""
    for page in pages():
        for block in page.blocks:
            if block.language == "mermaid":
                yield block.place, block.text


def mermaid() -> Path:
    """Mermaid and what it needs to run without a browser, installed once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "masterops" / "docs"
    folder = cache / "-".join(each.replace("@", "-") for each in NPM)
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *NPM]
        subprocess.run(command, check=True)
        (folder / "installed").touch()
    return folder / "node_modules"


def check_diagrams(modules: Path) -> list[str]:
    """What Mermaid cannot read, with its place."""
    import json

    script = Path(__file__).with_name("mermaid.mjs")
    given = json.dumps([{"place": place, "text": text} for place, text in diagrams()])
    done = subprocess.run(
        ["node", str(script), str(modules)], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return done.stdout.splitlines()


def asked_elsewhere() -> list[str]:
    """What the built pages would fetch from other hosts."""
    found = []
    for path in sorted(SITE.rglob("*.html")):
        for match in FETCHED.finditer(path.read_text("utf-8")):
            if "http://" in match[0] or "https://" in match[0]:
                found.append(f"{path.relative_to(SITE)}: {match[0]}")
    return found


def main() -> int:
    """Gather, check, build, check."""
    modules = mermaid()
    problems = check_diagrams(modules)
    if not problems:
        gather()
        shutil.copy(modules / "mermaid" / "dist" / "mermaid.min.js", PAGES / "mermaid.min.js")
        shutil.rmtree(SITE, ignore_errors=True)
        build = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
        if code := subprocess.run(build, cwd=ROOT, check=False).returncode:
            return code
        problems = asked_elsewhere()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
