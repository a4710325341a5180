"""The disk: the cache folder, files written whole or not at all, locks, downloads; and threads that work ahead."""
