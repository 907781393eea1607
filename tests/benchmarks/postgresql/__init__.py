"""Benchmarks on PostgreSQL: beside other queues, what a commit costs, what capture costs."""
