"""What a brain rests on that nobody said, in a line for a person."""

from __future__ import annotations

from runner_core.cards.card import Card
from runner_core.cards.guess import Guess

# How a person writes the option that settles a guess.
_FORMS = {
    "range": "range=0..255",
    "colour": "colour=bgr",
    "resize": "resize=crop",
    "resample": "resample=bilinear",
    "size": "size=640x480",
    "background": "background=0",
    "outputs": "outputs=logits",
    "labels": "labels=FILE",
    "first_class": "first_class=0",
    "task": "task=NAME",
}
_TRIED = {"range", "colour"}  # what ``runner inspect --try`` finds out


def describe_guesses(card: Card, reference: str) -> str:
    """What is guessed, and how to settle it. ``reference`` is how the brain is typed."""
    supposed = "; ".join(guess.text for guess in card.guesses)
    options = "&".join(dict.fromkeys(_write_option(guess) for guess in card.guesses if guess.by))
    how = f"; settle them as in '{reference}?{options}'" if options else ""
    needs_trial = any(guess.about in _TRIED for guess in card.guesses)
    tried = f", or see `runner inspect {reference} --try PICTURE`" if needs_trial else ""
    return f"{card.name} rests on guesses: {supposed}{how}{tried}"


def _write_option(guess: Guess) -> str:
    return _FORMS.get(guess.by[0], f"{guess.by[0]}=...")
