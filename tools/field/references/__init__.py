"""The references, one file a family: each gives what a model's publisher would answer about a picture.

Each has ``refer(path, picture, words)``: the model's file, the picture as RGB uint8 [height, width, 3], and the words
of the table. None looks at what runner knows: they are written from the publishers' own code and documents.
"""
