"""How the sample pictures come about: no photo, no network, Pillow and NumPy only.

`robots/` draws the pictures of Bolu and Tarn. `recipes` decides what each picture shows and `framing` where the robots
stand. `bolu`, `tarn` and `props` build them out of `solids`; `easel` paints what the `camera` sees of them in one of
the `styles`. `backgrounds` draws on a `stage` what is behind them, `lights` colours the whole, and `pictures` puts it
all together and writes the file.

`season/` draws the season of field-camera photos; data/README.md says which module does what.
"""
