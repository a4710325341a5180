"""A JPEG by its bytes: the markers that divide it (ITU-T T.81, B.1.1)."""

import re

FORMATS = ("JPEG", "MPO")  # Pillow's names; MPO is several JPEGs in a file, of which the first counts
BEGINNING = b"\xff\xd8\xff"

START, END, SCAN, RESTART_INTERVAL = 0xD8, 0xD9, 0xDA, 0xDD
SEQUENTIAL = (0xC0, 0xC1)  # frames that are written row by row, whose bits follow each other from the first block on

MARKER = re.compile(rb"\xff([^\x00\xff])")
AFTER_SCAN = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # the others are part of the pixels
