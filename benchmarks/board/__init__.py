"""The scoreboard's parts: what is drawn, how it is written as a program, who judges it."""
