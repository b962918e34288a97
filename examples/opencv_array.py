"""OpenCV: an array in, boxes drawn on it out.

    python opencv_array.py photo.jpg out.jpg

OpenCV has its channels as blue, green, red.
"""

import sys

import cv2

from runner_core import open_brain

photo, out = sys.argv[1:]
array = cv2.imread(photo)

with open_brain("page") as page:
    for instance in page.predict(array, colour="bgr"):
        x1, y1, x2, y2 = map(round, instance.box)
        cv2.rectangle(array, (x1, y1), (x2, y2), (255, 160, 0), 3)
cv2.imwrite(out, array)
