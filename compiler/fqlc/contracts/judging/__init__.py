"""Whether what is sent fits what a contract asks for. Pure: typed expressions and schemas in,
findings out; the words of a finding are laid out by the rules."""
