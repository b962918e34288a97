"""What the file of a model without a card says of its picture input: one small rule for each source of knowledge."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.clues.rules import find_clues as find_clues
else:
    __getattr__, __dir__, __all__ = attach_names(__name__, {"rules": ["find_clues"]})
