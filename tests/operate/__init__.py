"""What those who run fqlc do: backups, restores, upgrades, probes, secrets, alerts."""
