"""Tables that people and other programs write of photos, and which photo each row is of."""
