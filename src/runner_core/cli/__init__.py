"""The command line: one command a file; and what the commands of plugins share with them."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.cli.run import exit_code_of as exit_code_of
    from runner_core.cli.tables import print_summary as print_summary
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "run": ["exit_code_of"],
            "tables": ["print_summary"],
        },
    )
