"""What several services know: how things are shown, which policies hold, what contracts say."""
