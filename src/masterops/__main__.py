"""
`python -m masterops` is `ops`.
"""

from masterops.cli.main import main

if __name__ == "__main__":
    main()
