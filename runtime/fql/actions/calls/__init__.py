"""The `call` action: functions of the application, and further kinds that packages bring."""
