"""What a brain rests on that nobody said, in a line for a person."""

from __future__ import annotations

from runner_core.cards.card import Card
from runner_core.frames.picture_spec import COLOURS, RESAMPLES, RESIZES

# What an option that settles a guess may say. None is proposed: the line must not be copied as a wrong answer.
_VALUES = {
    "range": "0..255 or 0..1 or -1..1 or imagenet",
    "colour": " or ".join(COLOURS),
    "resize": " or ".join(RESIZES),
    "resample": " or ".join(RESAMPLES),
    "size": "WIDTHxHEIGHT",
    "background": "NUMBER",
    "outputs": "logits or probabilities",
    "labels": "FILE",
    "first_class": "NUMBER",
    "task": "NAME",
}
_TRIED = {"range", "colour"}  # what ``runner inspect --try`` finds out


def describe_guesses(card: Card, reference: str) -> str:
    """What is guessed, and how to settle it. ``reference`` is how the brain is typed."""
    supposed = "; ".join(guess.text for guess in card.guesses)
    options = dict.fromkeys(guess.by[0] for guess in card.guesses if guess.by)
    values = ", ".join(f"{name}={_VALUES.get(name, 'VALUE')}" for name in options)
    how = f"; settle them by '{reference}?{'&'.join(f'{name}=...' for name in options)}': {values}" if options else ""
    needs_trial = any(guess.about in _TRIED for guess in card.guesses)
    tried = f", or see `runner inspect {reference} --try PICTURE`" if needs_trial else ""
    return f"{card.name} rests on guesses: {supposed}{how}{tried}"
