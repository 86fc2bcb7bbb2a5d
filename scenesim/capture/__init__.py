"""Floor 6: rays cast, images and sweeps made; threads live here and only here."""
