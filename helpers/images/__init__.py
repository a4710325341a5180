"""One picture: from bytes to pixels, boxes, thumbnails, and sheets of pictures."""
