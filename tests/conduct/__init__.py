"""How the tool conducts itself: README.md here says which test holds which promise."""
