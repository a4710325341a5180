"""Text models: a text as a point among the features of photos, for networks that learnt photos and texts together."""
