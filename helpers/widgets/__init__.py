"""What the widgets of the rooms above are made of: their line to the page, the photos that go over it, their look."""
