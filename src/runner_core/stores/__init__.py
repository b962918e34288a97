"""From a name to a folder: references, configured stores, the lock file, the files of a card."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.stores.card_files import card_of as card_of
    from runner_core.stores.card_files import carded as carded
    from runner_core.stores.card_files import read_card as read_card
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "card_files": ["card_of", "carded", "read_card"],
        },
    )
