"""What gates printed, as people read it: windows of a file, inked lines, the line that failed."""
