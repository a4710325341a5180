"""The pictures of Bolu and Tarn."""
