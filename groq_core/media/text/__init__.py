"""Words for sizes and lengths, subtitles, data URLs."""
