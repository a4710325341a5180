"""Files and threads: the cache folder, whole-or-not writing, stamps, locks, downloads, CSV, progress, work ahead."""
