"""Whether each room imports only from those below it: the contracts of import-linter in pyproject.toml."""

import sys

from importlinter.cli import lint_imports

if __name__ == "__main__":
    sys.exit(lint_imports())
