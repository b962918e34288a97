"""The command line: one command a file; and what the commands of plugins share with them."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.cli.completion import complete_brains as complete_brains
    from runner_core.cli.completion import complete_files as complete_files
    from runner_core.cli.console import print_message as print_message
    from runner_core.cli.options import load_options as load_options
    from runner_core.cli.options import open_brains as open_brains
    from runner_core.cli.progress import show_frame_bar as show_frame_bar
    from runner_core.cli.progress import show_training as show_training
    from runner_core.cli.run import exit_code_of as exit_code_of
    from runner_core.cli.tables import print_rows as print_rows
    from runner_core.cli.tables import print_summary as print_summary
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "completion": ["complete_brains", "complete_files"],
            "console": ["print_message"],
            "options": ["load_options", "open_brains"],
            "progress": ["show_frame_bar", "show_training"],
            "run": ["exit_code_of"],
            "tables": ["print_rows", "print_summary"],
        },
    )
