"""What the documentation site is built with beside Sphinx: pictures, links, checks, llms.txt."""
