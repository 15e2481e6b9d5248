"""
`python -m masterops.devstack FILE`: n8n's owner and API key, from inside the Compose file.

A service of its own that ends when FILE holds a key that works; the rest waits for that.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from masterops import errors
from masterops.devstack import files, n8n_owner


def main(arguments: list[str], environ: dict[str, str]) -> int:
    """The exit code; what went wrong is one line on stderr."""
    if len(arguments) != 1:
        print("Usage: python -m masterops.devstack FILE", file=sys.stderr)
        return 2
    file = Path(arguments[0])
    try:
        url, email, password = (
            environ[name] for name in ("N8N_BASE_URL", "N8N_OWNER_EMAIL", "N8N_OWNER_PASSWORD")
        )
        known = file.read_text().strip() if file.exists() else ""
        if not known or not n8n_owner.works(url, known):
            key = n8n_owner.key_for(url, email, password)
            files.write_private(file, f"{key.reveal()}\n")
    except KeyError as error:
        print(f"The variable {error.args[0]} is not set.", file=sys.stderr)
        return 2
    except errors.MasterOpsError as error:
        print(f"{error.message} [{error.code}]", file=sys.stderr)
        return error.exit_code
    print(f"n8n takes the API key in {file}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
