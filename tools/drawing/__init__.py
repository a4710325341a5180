"""How the sample pictures of Bolu and Tarn come about: no photo, no network, Pillow and NumPy only.

`recipes` decides what each picture shows and `framing` where the robots stand. `bolu`, `tarn` and `props` build them
out of `solids`; `easel` paints what the `camera` sees of them in one of the `styles`. `backgrounds` draws on a `stage`
what is behind them, `lights` colours the whole, and `pictures` puts it all together and writes the file.

The modules `season_*` draw the season of field-camera photos; data/README.md says which does what.
"""
