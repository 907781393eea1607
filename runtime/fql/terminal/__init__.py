"""What commands write, for people and for programs: data to standard output, talk to standard
error. Every command of the runtime and of the compiler writes through this package alone."""
