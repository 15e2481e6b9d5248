"""
A new connector: its files, made of the templates. Nothing is written here.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from masterops.new import fragments
from masterops.new.choices import UNITS, Choices
from masterops.new.files import Made
from masterops.new.imports import in_order
from masterops.new.joining import joined

# Name of the template and place in the package.
PARTS = ("capabilities", "connector", "customers", "limits", "listing", "orders", "problems")

INSTALLING = """
It is a package of its own: `pip install -e ./$distribution` into the environment that `ops` runs in,
and Master-Ops finds it by the entry point in pyproject.toml. `pip install -e './$distribution[dev]'`
brings what its tests need: `pytest`, `mypy` and `ruff check` from its folder.
"""


def outside(choices: Choices, parent: Path) -> list[Made]:
    """The connector as a package of its own, in a new folder below `parent`."""
    distribution = f"masterops-{choices.name.replace('_', '-')}"
    package = f"masterops_{choices.name}"
    root = parent / distribution
    source = root / "src" / package
    names = _names(choices, package, f"{package}.twin", INSTALLING)
    return [
        *(
            _python(f"connector/{part}.py", source / f"{part}.py", names)
            for part in (*PARTS, "settings", "twin")
        ),
        _python("package/__init__.py", source / "__init__.py", names),
        _python("connector/test_suite.py", root / "tests" / "test_suite.py", names),
        Made(source / "py.typed", ""),
        Made(root / "pyproject.toml", _text("package/pyproject.toml", names)),
        Made(root / "README.md", _text("page.md", names)),
    ]


def inside(choices: Choices, root: Path) -> list[Made]:
    """The connector as a part of Master-Ops' own source at `root`, joined to its lists. Raises NotASource."""
    name, package = choices.name, f"masterops.connectors.{choices.name}"
    ours = root / "src" / "masterops"
    names = _names(choices, package, f"masterops.sandbox.{name}.twin", "")
    folder, twin = ours / "connectors" / name, ours / "sandbox" / name
    about = f'"""\n{choices.title}\'s twin.\n"""\n'
    return [
        *(_python(f"connector/{part}.py", folder / f"{part}.py", names) for part in PARTS),
        _python("connector/__init__.py", folder / "__init__.py", names),
        _python("connector/twin.py", twin / "twin.py", names),
        Made(twin / "__init__.py", about),
        _python("connector/test_suite.py", root / "tests" / "connectors" / f"test_{name}_suite.py", names),
        Made(root / "docs" / "connectors" / f"{name}.md", _text("page.md", names)),
        *joined(choices, ours, names["settings"]),
    ]


def _python(template: str, path: Path, names: dict[str, str]) -> Made:
    own = "masterops" if names["package"].startswith("masterops.") else names["package"]
    return Made(path, in_order(_text(template, names), own))


def _text(template: str, names: dict[str, str]) -> str:
    text = files("masterops.new").joinpath("templates", f"{template}.txt").read_text()
    # A fragment may name what is filled in too.
    return Template(Template(text).substitute(names)).substitute(names)


def _names(choices: Choices, package: str, twin_package: str, installing: str) -> dict[str, str]:
    """Everything that a template may name."""
    auth, paging = fragments.WAYS_IN[choices.auth], fragments.PAGINGS[choices.paging]
    credentials = "\n".join(fragments.setting(choices, *each) for each in auth.secrets)
    upper = choices.name.upper()
    return {
        "name": choices.name,
        "upper": upper,
        "title": choices.title,
        "package": package,
        "twin_package": twin_package,
        "distribution": f"masterops-{choices.name.replace('_', '-')}",
        "installing": installing,
        "exported": ", ".join(f'"{each}"' for each in _listed(choices.title)),
        "base_url": choices.base_url,
        "header": choices.header,
        "calls": str(choices.calls),
        "unit": choices.unit,
        "upper_unit": choices.unit.upper(),
        "seconds": str(UNITS[choices.unit]),
        "page_size": str(choices.page_size),
        "pager_name": fragments.PAGERS[choices.paging],
        "listing": paging.listing,
        "page": paging.page,
        "said_page": paging.said,
        "paging_question": paging.question,
        "paging_words": paging.words,
        "auth": auth.headers,
        "auth_import": auth.imports,
        "auth_words": auth.words,
        "credentials": credentials,
        "settings": credentials,
        "credential": auth.credential,
        "twin_import": "\n".join(each for each in (auth.twin_imports, paging.twin_imports) if each),
        "toml": "\n".join(f'{name} = "env:TEELIXIR_{upper}_{name.upper()}"' for name, _ in auth.secrets),
        **_of_tests(choices, stable=paging.stable),
    }


def _listed(title: str) -> list[str]:
    """The names of a package as the linter wants them: those in capitals first."""
    return sorted(["Customer", "Order", title], key=lambda name: (not name.isupper(), name))


def _of_tests(choices: Choices, *, stable: bool) -> dict[str, str]:
    """What differs in the tests and in the twin's accounts."""
    basic = choices.auth == "basic"
    own = fragments.WAYS_IN[choices.auth].secrets[-1][0]
    lacks = {"batches": "none are declared", "refresh": "its credentials are not renewed by us"}
    if not stable:
        why = "a record that goes away moves the others"
        lacks |= {"stable pages": why, "more pages after an empty one": "a page without records is its last"}
    limited = choices.unit == "second"
    if not limited:
        lacks |= {"limits": "its only window is a minute"}
    return {
        "lacks": "\n".join(f'        "{name}": "{why}",' for name, why in lacks.items()),
        "limited": fragments.LIMITED if limited else "",
        "expected": fragments.EXPECTED if basic else "",
        "twin_names": "from masterops.sandbox.tokens import demo_key, demo_token" if basic else "",
        "test_names": "demo_key, demo_token" if basic else "demo_token",
        "key_constant": "USER = demo_token(SERVICE, BUSINESS)\n" if basic else "",
        "other_secrets": "    other_secrets = (USER,)\n" if basic else "",
        "served": "demo_key(SERVICE, BUSINESS)" if basic else "demo_token(SERVICE, BUSINESS)",
        "values": f'"username": Secret(USER), "{own}": Secret(secret)'
        if basic
        else f'"{own}": Secret(secret)',
    }
