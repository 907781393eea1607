"""The JSON that commands write and read, as published schemas: `fqlc schema NAME` prints one."""
