"""Running `test` blocks: play one, judge it, measure what all of them covered, report."""
