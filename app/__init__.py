"""The web service of Numeral. Knows HTTP; never imports torch."""
