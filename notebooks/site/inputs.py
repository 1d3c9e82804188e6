"""The tables that people give: their columns, as the code knows them, and what they mean."""

from names import SOUGHT
from names import markdown as linked_names
from tables import known, named, rows

from simcore.account.load import COLUMNS
from simcore.plan.columns import COUNTED, ENTRIES, EVENTS

PAGE = "reference/inputs.md"
MEANINGS = {
    "entries": {
        "subscriber_id": "who: a number or a text",
        "entered_at": "when the subscriber enters",
        "via": "the way in, such as form or import; some rules look at it (K14, K15)",
        "properties": "a dict: what the event brought that enrolled the subscriber (Sequenzy)",
        "attributes": "a dict: what is known of the subscriber (Sequenzy, Q28)",
        "time_zone": "the subscriber's own zone, an IANA name (Q31), or with `time_zones=` (T22)",
        "count": "how many arrive at that instant, in the place of `subscriber_id`; for `simcore.forecast`",
        "sequence_id": "which sequence the entry is for, in an account (A2)",
    },
    "events": {
        "subscriber_id": "who: of the same kind as in the entries",
        "at": "when it happened",
        "event": "[what happened](events.md)",
        "ref": "which tag, form, segment, list, sequence or field, where the event needs it",
        "properties": "a dict: what the event brought (Sequenzy)",
        "received_at": "when the platform received it, if that was later (Q39)",
        "sequence_id": "in an account, of the event `removed`: the one sequence that it is about (A2)",
    },
    "broadcasts": {
        "at": "when it goes out",
        "subject": "its subject",
        "audience": "a tag, list, segment or form: only who is in it then gets it (A1)",
        "subscriber_id": "who gets it, in a row for each; without it, everybody (A1)",
    },
}


def page() -> str:
    """The page of the tables that people give. Raises KeyError for a column without a meaning."""
    blocks = [
        SOUGHT + "# Tables that you give",
        "A table is a DataFrame of pandas, polars, pyarrow or any library with the Arrow PyCapsule interface, or a "
        "list of dicts. On the command line it is a CSV or a Parquet file. Times need their offset: see "
        "[Read times and large lists](../how-to/times.md). Other columns may be there, and are left alone.",
        "`columns=` (`--column` on the command line) says what columns are called in your table. Those of the "
        "platforms' own tables are known.",
    ]
    for table, (needed, others) in COLUMNS.items():
        always = {"entries": ENTRIES, "events": EVENTS}.get(table, (needed,))[0]
        columns = dict.fromkeys((*always, *needed, *others, *(COUNTED[0] if table == "entries" else ())))
        cells = []
        for column in columns:
            has = "**always**; " if column in always else ""
            theirs = [f"{each.title}: `{each.columns[column]}`" for each in known() if column in each.columns]
            cells.append([named(column), has + MEANINGS[table][column], "; ".join(theirs)])
        some = 3 if table == "entries" else 2
        head = ["column", "what it is", "in the platforms' tables"][:some]
        table_of = rows(head, (cell[:some] for cell in cells))
        blocks += [f"## {table.title()} {{ #{table} }}", linked_names(table_of, PAGE)]
    return "\n\n".join(blocks) + "\n"
