"""From a name to a folder: references, configured stores, the lock file, the files of a card."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.stores.card_files import download_card as download_card
    from runner_core.stores.card_files import file_from_bytes as file_from_bytes
    from runner_core.stores.card_files import list_card_files as list_card_files
    from runner_core.stores.card_files import parse_card as parse_card
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "card_files": ["download_card", "file_from_bytes", "list_card_files", "parse_card"],
        },
    )
