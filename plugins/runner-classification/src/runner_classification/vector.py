"""Vector: numbers of the whole picture that are no scores of classes: an embedding, an age, a rectangle."""

from __future__ import annotations

import attrs
import numpy as np

from runner_classification.numbers import count_numbers, read_numbers
from runner_core.cards import Card, Guess, LabelMap
from runner_core.contracts import Signature, Tensors
from runner_core.errors import TaskError
from runner_core.frames import Frame, PictureSpec
from runner_core.results import Inference
from runner_core.tasks import PictureCodec, bind_picture, bind_roles, draft_input

USUAL = PictureSpec(size=(224, 224))
LABELS = LabelMap.from_names(["vector"])


class Vector:
    """Roles: ``image``, ``vector``: 1 x D, or with further axes of 1.

    The answer is one instance, which stands for the picture, with the D numbers as the model gives them.
    """

    kind = "vector"

    def recognise(self, model: Signature) -> Card | None:
        numbers, drafted = read_numbers(model), draft_input(model, USUAL)
        if numbers is None or drafted is None or numbers.classes:
            return None
        (output,) = model.outputs
        text = f"a vector and not scores of classes: {numbers.reason}"
        return Card(
            name="",
            task="vector",
            roles={"image": drafted.image.name, "vector": output.name},
            picture=drafted.picture,
            labels=LABELS,
            threshold=0.0,
            notes=(*drafted.notes, f"vector is output {output.name}, the only one", *([text] if numbers.sure else [])),
            guesses=(*drafted.guesses, *(() if numbers.sure else (Guess("kind", text, ("task",)),))),
        )

    def bind(self, card: Card, model: Signature) -> VectorCodec:
        specs = bind_roles(card, model, needed=("image", "vector"))
        if count_numbers(specs["vector"]) is None:
            raise TaskError(
                f"brain {card.name}: vector is {specs['vector']}, {card.task} reads [1 x D]",
                remedy="give the output that has one line of numbers",
            )
        return VectorCodec(card, bind_picture(card, specs["image"], USUAL))


@attrs.frozen
class VectorCodec(PictureCodec):
    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        return Inference(
            brain=self.card.name,
            task=Vector.kind,
            size=frame.size,
            version=self.card.version,
            labels=self.card.labels,
            model_ids=np.zeros(1, np.int64),
            vectors=outputs["vector"].reshape(1, -1),
        )
