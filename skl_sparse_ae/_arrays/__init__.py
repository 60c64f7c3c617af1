"""What everything else works with: arrays of any library, blocks of rows, threads."""
