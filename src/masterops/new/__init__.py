"""
Beginnings of new things, made of templates: a connector with its twin and its tests, a migration.
"""

from masterops.new.choices import (
    AUTHS,
    PAGINGS,
    Choices,
    checked_header,
    checked_name,
    checked_rate,
    checked_url,
)
from masterops.new.connector import inside, outside
from masterops.new.files import Made, write
from masterops.new.migration import migration

__all__ = [
    "AUTHS",
    "PAGINGS",
    "Choices",
    "Made",
    "checked_header",
    "checked_name",
    "checked_rate",
    "checked_url",
    "inside",
    "migration",
    "outside",
    "write",
]
