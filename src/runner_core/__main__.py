"""``python -m runner_core``: the command ``runner``, where that is not on the path."""

from runner_core.cli.main import main

if __name__ == "__main__":
    main()
