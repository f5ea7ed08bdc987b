"""Pictures as users send them, and how a version reads them."""
