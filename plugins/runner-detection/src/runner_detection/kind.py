"""What the Inferences of all these families are."""

KIND = "object-detection"
