"""What task plugins share when they fit themselves to a model: for theirs and anybody's, one noun a file.

``picture_input``, ``drafted_input``, ``names``, ``metadata`` and ``values`` read a bare model; ``roles``, ``options``
and ``labelling`` hold a card against it; ``codec``, ``activation``, ``boxes``, ``nms`` and ``rows`` make an Inference
of what it answers; ``yolo_rows`` and ``letterboxed`` are what YOLO's exports have in common, whatever they find.
"""
