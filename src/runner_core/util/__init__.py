"""Small things that every other folder uses: whole files, the home folder, locations and names as they are typed."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.util.atomic import make_folder as make_folder
    from runner_core.util.atomic import remove_partials as remove_partials
    from runner_core.util.atomic import write_bytes as write_bytes
    from runner_core.util.atomic import write_text as write_text
    from runner_core.util.delay_signals import uninterrupted as uninterrupted
    from runner_core.util.descriptors import find_descriptor as find_descriptor
    from runner_core.util.descriptors import open_descriptor as open_descriptor
    from runner_core.util.descriptors import to_output_path as to_output_path
    from runner_core.util.forks import Birthplace as Birthplace
    from runner_core.util.growing_file import GrowingFile as GrowingFile
    from runner_core.util.growing_file import Mark as Mark
    from runner_core.util.growing_file import make_changed_error as make_changed_error
    from runner_core.util.home import NoHomeError as NoHomeError
    from runner_core.util.home import describe_offline as describe_offline
    from runner_core.util.home import expand_home as expand_home
    from runner_core.util.home import find_home as find_home
    from runner_core.util.home import require_online as require_online
    from runner_core.util.leftovers import claim_open as claim_open
    from runner_core.util.leftovers import find_leftovers as find_leftovers
    from runner_core.util.location import OptionType as OptionType
    from runner_core.util.location import explain_unencoded as explain_unencoded
    from runner_core.util.location import number_repeats as number_repeats
    from runner_core.util.location import redact_url as redact_url
    from runner_core.util.location import split_options as split_options
    from runner_core.util.location import without_account as without_account
    from runner_core.util.plain_file import parse_plain_yaml as parse_plain_yaml
    from runner_core.util.plain_file import read_plain_file as read_plain_file
    from runner_core.util.plain_file import read_plain_text as read_plain_text
    from runner_core.util.printable import make_printable as make_printable
    from runner_core.util.spelling import ask_if_meant as ask_if_meant
    from runner_core.util.spelling import find_alike as find_alike
    from runner_core.util.spelling import find_alike_paths as find_alike_paths
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "atomic": ["make_folder", "remove_partials", "write_bytes", "write_text"],
            "delay_signals": ["uninterrupted"],
            "descriptors": ["find_descriptor", "open_descriptor", "to_output_path"],
            "forks": ["Birthplace"],
            "growing_file": ["GrowingFile", "Mark", "make_changed_error"],
            "home": ["NoHomeError", "expand_home", "describe_offline", "find_home", "require_online"],
            "leftovers": ["claim_open", "find_leftovers"],
            "location": [
                "OptionType",
                "explain_unencoded",
                "number_repeats",
                "redact_url",
                "split_options",
                "without_account",
            ],
            "plain_file": ["parse_plain_yaml", "read_plain_file", "read_plain_text"],
            "printable": ["make_printable"],
            "spelling": ["ask_if_meant", "find_alike", "find_alike_paths"],
        },
    )
