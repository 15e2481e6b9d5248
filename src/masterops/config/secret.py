"""
A value that nobody may see by accident.
"""

from __future__ import annotations

from typing import Any, NoReturn

MASK = "***"


class Secret:
    """
    Prints as `***` wherever it is printed; `reveal` is the only way to the value.

    It refuses to be pickled, because what is pickled ends in a file or a queue.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self.__value

    @property
    def shown(self) -> str:
        """What may be printed of it."""
        return MASK

    def __repr__(self) -> str:
        return self.shown

    def __str__(self) -> str:
        return self.shown

    def __format__(self, specification: str) -> str:
        return format(self.shown, specification)

    def __eq__(self, other: object) -> bool:
        return self.__value == other.__value if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")
