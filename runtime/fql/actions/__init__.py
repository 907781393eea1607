"""What nodes do: one small file a kind, behind one port."""
