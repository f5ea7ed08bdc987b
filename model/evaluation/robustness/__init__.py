"""Generate pictures as users send them, and measure how a version reads them."""
