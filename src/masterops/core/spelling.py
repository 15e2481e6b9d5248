"""
The nearest right spelling of a name that is not known.

Case, blanks, hyphens and underscores do not count: `red hill fresh` means `red-hill-fresh`, and that is
the mistake people make most.
"""

from __future__ import annotations

from collections.abc import Iterable

from masterops.errors import UnknownName

ALIKE = 0.6  # of 1.0; below this difflib finds resemblance where a person sees none
SHORTEST_BEGINNING = 2  # one letter says nothing


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `word` was probably meant to be, or None when none is close."""
    by_fold: dict[str, str] = {}
    for each in known:
        by_fold.setdefault(fold(each), each)
    wanted = fold(word)
    if wanted in by_fold:
        return by_fold[wanted]
    found = _alike(wanted, by_fold) or _beginning(wanted, by_fold)
    return by_fold[found] if found else None


def unknown(kind: str, name: str, known: Iterable[str], *, where: str = "") -> UnknownName:
    """The error for a name that is not one of `known`, with the one that was probably meant."""
    listed = list(known)
    return UnknownName(kind=kind, name=name, known=listed, nearest=nearest(name, listed), where=where)


def fold(word: str) -> str:
    """A word without what does not count when names are compared."""
    return "-".join(word.casefold().replace("_", " ").replace("-", " ").split())


def _alike(wanted: str, folds: Iterable[str]) -> str | None:
    # Imported here: it costs some milliseconds of every start, and most starts contain no mistake.
    from difflib import get_close_matches

    return next(iter(get_close_matches(wanted, list(folds), n=1, cutoff=ALIKE)), None)


def _beginning(wanted: str, folds: Iterable[str]) -> str | None:
    """The only one that starts with `wanted`; several mean that we cannot tell."""
    if len(wanted) < SHORTEST_BEGINNING:
        return None
    found = [each for each in folds if each.startswith(wanted)]
    return found[0] if len(found) == 1 else None
