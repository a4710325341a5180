"""Parts of photos as features."""
