"""The command line: arguments in, a call to the pipeline, a rendering out; one command per file."""
