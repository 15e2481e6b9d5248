"""The call or the command is wrong, or the configuration is."""

from __future__ import annotations

from masterops.errors.base import MasterOpsError


class UsageError(MasterOpsError):
    """{what}"""

    code = "USE001"
    category = "usage"
    exit_code = 2
    hint = "See --help."


class UnknownName(UsageError):
    """There is no {kind} named {name!r}{where}."""

    code = "USE002"

    def __init__(self, *, kind: str, name: str, known: list[str] | None = None, nearest: str | None = None,
                 where: str = "", hint: str | None = None) -> None:  # fmt: skip
        guess = f"Did you mean {nearest!r}? " if nearest else ""
        listed = f"Known: {', '.join(known)}." if known else ""
        advice = hint or (guess + listed).strip() or "Check the spelling."
        super().__init__(kind=kind, name=name, where=where, hint=advice)


class BadValue(UsageError):
    """{value!r} is not a valid {kind}: {reason}"""

    code = "USE003"


class ConfigError(MasterOpsError):
    """The configuration is wrong: {what} ({where})"""

    code = "CFG000"
    category = "configuration"
    exit_code = 2
    hint = "`ops config show` prints every setting and where it comes from."


class ConfigSyntax(ConfigError):
    """{where}: not valid {language}: {reason}"""

    code = "CFG001"
    hint = "Mend that line; `ops init --print` shows a correct file."

    def __init__(self, *, language: str = "TOML", **facts: object) -> None:
        super().__init__(language=language, **facts)


class ConfigKey(ConfigError):
    """{where}: unknown key `{key}`"""

    code = "CFG002"


class ConfigType(ConfigError):
    """{where}: `{key}` must be {expected}, not {got}"""

    code = "CFG003"
    hint = "Mend that value; `ops init --print` shows a correct file."


class ConfigReference(ConfigError):
    """{where}: `{key}` refers to {reference}, which {reason}"""

    code = "CFG004"
    hint = "Set it in the environment or in .env, or mend the reference."


class ConfigInlineSecret(ConfigError):
    """{where}: `{key}` holds a secret in plain text"""

    code = "CFG005"
    hint = (
        "Write `env:NAME` or `file:PATH` instead. To keep it here all the same, set "
        "`allow_inline_secrets = true` in this file and MASTEROPS_ALLOW_INLINE_SECRETS=1 in the environment."
    )


class ConfigFileMissing(ConfigError):
    """There is no configuration file at {path}"""

    code = "CFG006"
    hint = "`ops init` writes one, or leave out --config to run on the environment alone."


class ConfigFileExists(ConfigError):
    """{path} exists already and is left as it is"""

    code = "CFG007"
    hint = "`ops init --force` keeps a copy beside it and writes a new one."


class ConfigFileUnusable(ConfigError):
    """{path} cannot be {action}: {reason}"""

    code = "CFG008"
    hint = "Give the file and its folder to the user that runs ops, or name another file with --config."


class PluginUnusable(ConfigError):
    """The installed connector {service} ({package}) cannot be used: {reason}"""

    code = "CFG020"
    hint = "Mend the package or uninstall it; docs/connectors/writing.md says what it must have."


class NotOverwritten(UsageError):
    """{path} exists already and is left as it is"""

    code = "USE010"
    hint = "Nothing was written. Choose another name, or move away what is there."


class NotWritten(UsageError):
    """{path} cannot be written: {reason}"""

    code = "USE011"
    hint = "Nothing was written. See to the folder's rights and to the disk."


class NotASource(UsageError):
    """{path} is not Master-Ops' own source: {reason}"""

    code = "USE012"
    hint = "Nothing was written. Run it at the root of a checkout of Master-Ops."


class PackageMissing(ConfigError):
    """`{setting}` needs a package that is not installed"""

    code = "CFG009"
    hint = "Install it with `pip install 'masterops[{extra}]'`."
