"""What the fields of the front matter mean: dates, authors, cover, language, addresses, id in the feed."""
