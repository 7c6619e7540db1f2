"""The reports as finance reads them, with pandas: all four say the same, and nothing was turned into a number."""

import io
import json

import pandas as pd

from tests.conftest import Command
from tests.end_to_end.readings import ids
from tests.service.server import Sandbox

SHEETS = ("Released", "Missing", "Conflicted", "Other")


def test_csv_workbook_json_and_page_say_the_same_of_every_row(decom: Command, sandbox: Sandbox) -> None:
    world = sandbox.world
    rows = [*ids(world.releasable)[:5], *ids(world.held_openly)[:2], "phn_gone", "no number", ids(world.releasable)[0]]
    lines = [f'{name},CC-{n % 3},"=1+{n}"' for n, name in enumerate(rows)]
    (decom.folder / "numbers.csv").write_text("\n".join(["number id,cost centre,note", *lines]) + "\n")
    assert decom("run", "numbers.csv", "--execute", "--yes").code == 3
    folder = decom.run_folder()

    facts = pd.DataFrame(json.loads((folder / "audit.json").read_bytes())["rows"])
    table = pd.read_csv(folder / "audit.csv", dtype="str", keep_default_na=False)
    sheets = pd.read_excel(folder / "audit.xlsx", sheet_name=None, dtype="str", header=None, engine="openpyxl")
    pages = pd.read_html(
        io.StringIO((folder / "audit.html").read_text()), match="Billing stops on", converters={0: str}
    )

    assert facts["input_value"].tolist() == rows
    assert table["input_value"].tolist() == rows
    assert table["row"].astype(int).tolist() == facts["row"].tolist() == list(range(2, 12))
    for column in ("outcome", "evidence", "number_id", "decided_at"):
        assert table[column].tolist() == facts[column].fillna("").tolist(), column
    counts = facts["outcome"].value_counts().to_dict()
    assert counts == {"released": 5, "conflicted": 2, "missing": 1, "invalid": 1, "duplicate": 1}
    in_sheets = pd.concat([sheets[sheet] for sheet in SHEETS]).astype(str)
    for name in rows[:5]:
        assert (in_sheets == name).to_numpy().any(), name
    (of_rows,) = [page for page in pages if page.columns[0] == "Row"]
    assert len(of_rows) == len(rows)
    costs = pd.to_numeric(facts.loc[facts["outcome"] == "released", "monthly_cost_usd"]).sum()
    assert f"{costs:.2f}" in (folder / "audit.html").read_text()
