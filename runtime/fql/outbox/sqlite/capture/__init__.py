"""The triggers that capture changed rows of a SQLite database, as SQL. Pure: text from facts."""
