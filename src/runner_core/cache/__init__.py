"""Where fetched brains are kept: by content, whole or not at all, shared by every process of the user."""
