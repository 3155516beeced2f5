"""Checks that the first ```c block of a page stands in a source file, word for word."""
import pathlib
import re
import sys

page, source = map(pathlib.Path, sys.argv[1:3])
block = re.search(r"^```c\n(.*?)^```", page.read_text(), re.M | re.S)
if not block or block.group(1).strip() not in source.read_text():
    sys.exit(f"{page}: its C code is not that of {source}")
