"""From a path to a LocalBrain: locate, card, options, engine, session, bind."""
