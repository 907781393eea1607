"""`fqlc export`: what a plan sends, for those who receive it."""
