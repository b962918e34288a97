"""The same brain for other engines, shown to answer alike."""
