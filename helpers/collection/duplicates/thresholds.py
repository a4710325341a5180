"""When photos count as copies: the thresholds of `find_duplicates` and `compare_collections`, and where it comes from.

Two photos are one *picture* if all of this holds:

1. They are compared at all: one is among the nearest of the other by feature or by hash (`CANDIDATES`, `HASH_BITS`).
2. One can be laid over the other: stretched, moved and made as bright as the limits of the fit allow (`STRETCH` ff.).
3. What then still differs, as a share of the contrast, is at most `SAME_PICTURE`. `threshold=` replaces this one.
4. The camera's clock does not date them to different moments, and within one second nothing has moved (`MOVED`).

After a change `python -m benchmarks --only duplicates` measures recall and precision for 3,000 made copies of 500
pictures among 5,000 others, and `tests/collection/test_thresholds.py` the distances of skies.

Skies have little in them to tell them apart; so do snow and walls, which were not measured. Of 60 skies of each sort,
drawn and not photographed, all pairs, and 240 copies (JPEG quality 40, half size, 20 % brighter, 5 % off each side):

    distance up to     different skies            copies
                      0.25    0.1   0.05    0.25    0.1   0.05
    with clouds        0 %    0 %    0 %   100 %  100 %   94 %
    with haze         69 %    1 %    0 %   100 %  100 %  100 %
    clear            100 %  100 %   99 %   100 %  100 %  100 %

So for skies take `find_duplicates(model, threshold=0.05)`, which loses brightened copies of cloudy ones; of 40 skies
0.075 lost none, and took 1 in 1,000 pairs of hazy ones for copies. Real skies were not measured. Clear skies look the
same at any threshold: only the moments at which they were taken, which always count, or `kind="bytes"` keep them apart.
Changing `FLAT` does not help: it is about pictures of hardly any contrast, and these skies have 20 levels and more.
"""

KINDS = ("bytes", "picture", "near")

# Pictures. Distances are shares of the contrast, 0 to 1: see `same_picture.picture_distances`.
# The default finds 2,999 of the benchmark's 3,000 copies and no other photo; different drawings of one thing are 0.3
# apart and more.
SAME_PICTURE = 0.25
LARGEST_SAME_PICTURE = 0.5  # the largest threshold on offer

# Which pictures are compared.
CANDIDATES = 10  # neighbours of a photo by its feature, and as many by its hash
HASH_BITS = 96  # of 256, by which the hashes of copies differ at most; unrelated ones differ by 128, give or take 8
AT_ONCE = 30  # photos of the same second by the frame, next by their row

# How far one picture is fitted to another. Chosen for the benchmark's copies, with room to spare.
STRETCH = 0.25  # of the width, and of the height
SHIFT = 0.16  # likewise
OVERLAP = 0.6  # share of the picture that both must show
GAIN = 2.0  # how many times the contrast of one may be that of the other
BRIGHTER = 96.0  # grey levels, on average
FLAT = 4.0  # grey levels; a picture of less contrast counts as having as much, so that noise is not a difference
COLOUR_NOISE = 12.0  # levels of Cb and Cr that do not count: as much as JPEG and brightening change
COLOUR_RANGE = 24.0  # levels beyond these that count as a distance of 1

# What is finer than a ninth of the picture, at 64 x 64. See `evidence.Evidence`.
DETAIL = 0.65  # the correlation at least
EDGE = 1.0  # grey levels, from which on stronger detail counts hardly more
LITTLE_DETAIL = 0.4  # grey levels on average; pictures with less are one only if they are equal
EQUAL = 1.0  # grey levels, and of Cb and Cr, by which such pictures differ at most, on average

# Two photos of one second and one size: whether one is the other, saved again. See `exposures.resaved`.
RESAVED = 0.4  # grey levels on average that rounding leaves
RESAVED_SHARE = 0.25  # of the difference that may be left

# Two such photos, compared at 128 x 128 pixels: whether something has moved. See `exposures.Exposures`.
MOVED = 0.6  # as a multiple of what edges that are half a pixel off make, and noise; JPEG at quality 40 stays below
MOVED_NOISE = 9.0  # grey levels, squared

# Near photos. Distances are those of features, and these are shares of the usual distance of two photos of the
# collection, squared for cosine: see `pairs.by_metric`.
NEAR = 0.25
LARGEST_NEAR = 0.75  # the largest threshold on offer
NEAR_CANDIDATES = 20  # neighbours of a photo, by its feature, and by time where `seconds=` is given
