"""A measured line and the tables made of them. Measures nothing."""

import dataclasses


@dataclasses.dataclass
class Row:
    """`held`: whether the aim is met; None where there is none."""

    measure: str
    result: str
    aim: str = ""
    held: bool | None = None

    @property
    def mark(self):
        return {True: "yes", False: "NO", None: ""}[self.held]


HEAD = Row("measure", "result", "aim")


def plain(rows):
    """For a terminal."""
    cells = [[row.measure, row.result, row.aim, row.mark] for row in [HEAD, *rows]]
    cells[0][3] = "met"
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]
    lines.insert(1, "─" * min(sum(widths) + 6, 150))
    return "\n".join(lines)


def markdown(rows):
    lines = ["| measure | result | aim | met |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {row.measure} | {row.result} | {row.aim} | {row.mark} |" for row in rows])
