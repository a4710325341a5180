"""When photos count as copies: the thresholds of `find_duplicates` and `compare_collections`, and where it comes from.

Two photos are one *picture* if all of this holds:

1. They are compared at all: one is among the nearest of the other by feature or by hash (`CANDIDATES`, `HASH_BITS`), or
   the frame dates them to one second.
2. One can be laid over the other: stretched, moved and made as bright as the limits of the fit allow (`STRETCH` ff.).
3. What then still differs, as a share of the contrast, is at most `SAME_PICTURE`. `threshold=` replaces this one.
4. Their detail agrees (`DETAIL`); where there is next to none (`LITTLE_DETAIL`), they are equal as they are (`EQUAL`).
   Where numbers were stretched to be seen, the numbers agree (`SAME_NUMBERS`).
5. The camera's clock does not date them to different moments, and of two photos of one second and one size in pixels
   one is the other, saved again (`RESAVED`), as bright as it was or not (`TONED_SHARE`), or both are a third.
6. Neither is a copy of another photo that looks like the other one, such as the next frame or a brighter copy.

`DETAIL` was chosen on the pairs that the first three let through among 1,119 photos of weather (Multi-class Weather
Dataset, G. Ajayi 2018), all of which were looked at: 141 pairs of one picture and 17 of two, sunsets, suns and rain on
glass. It leaves out the 17 and one of the 141. `RESAVED` was chosen on 38 pairs of frames less than three seconds apart
(cameras in a forest and in the field; at least 0.83 grey levels and 0.56 of the difference are left) and on copies of
each at quality 40, 75 and 90 (nothing is left). `TONED_SHARE` was chosen on 128 such pairs (0.99 is left at least; 0.75
of 28 of the stillest, where one frame was saved again at quality 40) and on 281 copies of other brightness, contrast
and quality, of which it finds 79 %; the others leave as little difference as rounding makes.

What this is worth, by kind of picture: docs/collection.md; `python -m benchmarks --only duplicates` makes that table
again, and `tests/collection/test_thresholds.py` looks after skies, snow, fog and night.
"""

KINDS = ("bytes", "picture", "near")

# Pictures. Distances are shares of the contrast, 0 to 1: see `same_picture.picture_distances`.
# The default finds 1,199 of 1,200 copies that the benchmark makes of 200 pictures, and none of 400 others; different
# drawings of one thing are 0.3 apart and more.
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
# Of the span of a picture of numbers, by which the means of 64 fields differ at most on average. Of 336 smaller copies,
# by half and by a third, in four ways, of numbers that were made of 24 photos, 94 % differ by less; the same numbers,
# higher by half a hundredth of the span, by 0.0046 and more.
SAME_NUMBERS = 0.003

# Two photos of one second and one size: whether one is the other, saved again. See `exposures.resaved`.
RESAVED = 0.4  # grey levels on average that rounding leaves
RESAVED_SHARE = 0.25  # of the difference that may be left
TONED_SHARE = 0.65  # likewise, after one has been made as bright as the other, level by level

# Two such photos, compared at 128 x 128 pixels: whether something has moved, so that `RESAVED` need not be tried, which
# takes ten times as long. See `exposures.Exposures`. Copies at quality 40 of 20 photos of owls stay below 0.67, and
# drawn ones that are brighter by a half, with lights cut off, below 1.4.
MOVED = 1.5  # as a multiple of what edges that are half a pixel off make, and noise
MOVED_NOISE = 9.0  # grey levels, squared

# Which of two copies was made brighter or darker than the other. See `originals.cut_off`.
OTHER_LEVELS = 2.0  # grey levels, by which their mean or their contrast differs
CUT_OFF = 0.01  # share of the levels

# Near photos. Distances are those of features, and these are shares of the usual distance of two photos of the
# collection, squared for cosine: see `pairs.by_metric`.
NEAR = 0.25
LARGEST_NEAR = 0.75  # the largest threshold on offer
NEAR_CANDIDATES = 20  # neighbours of a photo, by its feature, and by time where `seconds=` is given
