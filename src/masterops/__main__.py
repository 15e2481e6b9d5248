"""
`python -m masterops` is `ops`.
"""

from masterops.cli.entry import main

if __name__ == "__main__":
    main()
