"""The tables of a page that stand between comments with their names."""

import re


def cells_of(page):
    """What stands in the tables of a page that are between comments, by name of table, row and column; the first of a kind."""
    found = {}
    for block in re.finditer(r"<!-- (?!end of )(.+?) -->(.*?)<!-- end of \1 -->", page.read_text("utf-8"), re.DOTALL):
        columns = None
        for line in block.group(2).splitlines():
            cells = [cell.strip() for cell in line[1:-1].split("|")] if line.startswith("|") else None
            if cells is None or columns is None:
                columns = cells
            elif not set(line) <= set("|-"):
                for column, cell in zip(columns[1:], cells[1:]):
                    found.setdefault((block.group(1), cells[0].strip("`"), column), cell)
    return found


def number(cell):
    """A time in seconds or memory in MiB; None of other cells."""
    units = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "MiB": 1.0}
    match = re.fullmatch(r"([\d,.]+) (µs|ms|s|MiB)", cell)
    return match and float(match.group(1).replace(",", "")) * units[match.group(2)]
