"""Networks from Hugging Face: `hf:owner/name`."""
