"""Small things that every other folder uses: whole files, runner's home folder, locations as they are typed."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.util.atomic import make_folder as make_folder
    from runner_core.util.atomic import remove_partials as remove_partials
    from runner_core.util.atomic import write_bytes as write_bytes
    from runner_core.util.atomic import write_text as write_text
    from runner_core.util.delay_signals import uninterrupted as uninterrupted
    from runner_core.util.growing_file import GrowingFile as GrowingFile
    from runner_core.util.growing_file import Mark as Mark
    from runner_core.util.home import require_online as require_online
    from runner_core.util.location import OptionType as OptionType
    from runner_core.util.location import number_repeats as number_repeats
    from runner_core.util.location import redact_url as redact_url
    from runner_core.util.location import split_options as split_options
    from runner_core.util.location import without_account as without_account
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "atomic": ["make_folder", "remove_partials", "write_bytes", "write_text"],
            "delay_signals": ["uninterrupted"],
            "growing_file": ["GrowingFile", "Mark"],
            "home": ["require_online"],
            "location": ["OptionType", "number_repeats", "redact_url", "split_options", "without_account"],
        },
    )
