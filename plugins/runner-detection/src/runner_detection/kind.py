"""The kind of the Inferences of all families here."""

KIND = "object-detection"
