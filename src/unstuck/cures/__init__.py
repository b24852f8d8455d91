"""Cures made permanent. So far: settings under which raw inputs train like scaled ones."""
