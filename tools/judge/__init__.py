"""What pictures are held against: the reference quality, and Mitsuba 3; `python -m tools.judge quality`."""
