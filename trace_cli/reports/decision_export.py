"""A decision for others: an in-toto statement, and a model card for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.formats.answer import to_json
from trace_cli.reports.decision import plain

if TYPE_CHECKING:
    from ledger.chain.checkpoint import Checkpoint
    from ledger.chain.entry import Entry

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://trace.example/ns/decision/v1"
_ROWS_SHOWN: Final = 12


def statement(entry: Entry, leaf: bytes, head: Checkpoint) -> str:
    """Write the in-toto statement of a decision (in-toto attestation framework v1, statement.md).

    The subject is the result; the predicate is what the entry says, with where in which log it stands.

    Args:
        entry: The decision, proven.
        leaf: Its leaf hash.
        head: The signed head that it was proven under.
    """
    body = plain(entry.body)
    given = body.get("output_digest", "")
    # A result that is private is named by its commitment: SHA-256 over salt and digest.
    digests = [f"sha256:{given['_commit']}"] if isinstance(given, dict) else str(given).split()
    name = str(body.get("command", "decision"))
    subjects = [
        {
            "name": name if len(digests) == 1 else f"{name}-{number}",
            "digest": {digest.partition(":")[0]: digest.partition(":")[2]},
        }
        for number, digest in enumerate(digests)
    ]
    return to_json(
        {
            "_type": STATEMENT,
            "subject": subjects,
            "predicateType": PREDICATE,
            "predicate": {
                "entry": {
                    "origin": head.origin,
                    "seq": entry.seq,
                    "leaf": leaf.hex(),
                    "recorded": entry.rec,
                    "by": entry.by,
                },
                "head": {"size": head.size, "root": head.root.hex()},
                "decision": body,
            },
        }
    )


def model_card(entry: Entry, head: Checkpoint) -> str:
    """Write the model card of a decision in Markdown: what, from which data, how, with what figures and limits.

    Only what the entry says is written; nothing is measured anew.
    """
    body: Mapping[str, Any] = plain(entry.body)
    stated, selection = _part(body, "checkpoint"), _part(body, "selection")
    lines = [
        f"# Model card of decision {entry.seq}",
        "",
        f"A {_word(body.get('command'))} recorded on {entry.rec} by `{_word(entry.by)}` in the log "
        f"`{head.origin}`, entry {entry.seq}.",
        "",
        "## Model",
        "",
        *_table(
            {
                "model": body.get("model"),
                "model file": body.get("model_digest") or "none: it has no learnt constants",
                "engine": body.get("engine_digest"),
                "seed": body.get("seed"),
                **{f"parameter {name}": value for name, value in _part(body, "parameters").items()},
                **{f"version of {name}": value for name, value in _part(body, "versions").items()},
            }
        ),
        "",
        "## Data",
        "",
        f"The first {_word(stated.get('size'))} entries of `{_word(stated.get('origin'))}`, verified before they "
        "were read.",
        "",
        *_table(
            {
                "root": stated.get("root"),
                "digest of the table": body.get("data_digest"),
                **{f"selection: {name}": value for name, value in selection.items()},
            }
        ),
        "",
        "## Figures",
        "",
        *_figures(body),
        "",
        "## Limits",
        "",
        *_limits(body, selection),
        "",
        "## How to check it",
        "",
        f"`trace decision replay {entry.seq}` reads the history at that size, runs the model again and compares; "
        f"`trace decision score {entry.seq}` holds it against what came.",
    ]
    return "\n".join(lines) + "\n"


def _figures(body: Mapping[str, Any]) -> list[str]:
    output = _part(body, "output")
    columns = _part(output, "columns")
    if "_commit" in output:
        return [f"Private: the log holds the commitment `{_word(output['_commit'])}`, the site the result."]
    lines = [f"Result: `{_word(body.get('output_digest'))}`, {_word(output.get('rows', 'unknown'))} rows."]
    accuracy = _part(body, "accuracy")
    if accuracy:
        lines += ["", *_table(accuracy)]
    if columns:
        names = list(columns)
        cells = list(zip(*(columns[name] for name in names), strict=True))
        lines += ["", f"| {' | '.join(map(_cell, names))} |", f"|{'---|' * len(names)}"]
        lines += [f"| {' | '.join(map(_cell, row))} |" for row in cells[:_ROWS_SHOWN]]
        if len(cells) > _ROWS_SHOWN:
            lines += [
                "",
                f"The first {_ROWS_SHOWN} of {counted(len(cells), 'row')}; `trace decision show` has all.",
            ]
    return lines


def _limits(body: Mapping[str, Any], selection: Mapping[str, Any]) -> list[str]:
    as_of = _word(selection.get("as_of"))
    lines = [
        f"- It knows only what had been recorded by {as_of}; later corrections and late records are not in it.",
        "- A repeated run gives the same bits with the same versions on the same kind of processor, and is "
        f"compared with a relative tolerance of {_word(body.get('tolerance', 'none'))} elsewhere.",
        "- What the ledger does not record (stock-outs, lost sales, prices of others) the model does not see.",
    ]
    if body.get("command") == "forecast":
        lines.append(
            "- Quantiles are statements about many periods, not about one; see the score for how they held."
        )
    return lines


def _table(rows: Mapping[str, Any]) -> list[str]:
    return [
        "| what | value |",
        "|---|---|",
        *(f"| {_cell(name)} | {_cell(value)} |" for name, value in rows.items()),
    ]


def _cell(value: Any) -> str:
    return _word(value).replace("|", "\\|")


def _word(value: Any) -> str:
    """Write a value so that nothing in it is taken for Markdown or HTML, nor leaves its line."""
    if isinstance(value, list):
        return ", ".join(map(_word, value)) or "-"
    text = "-" if value is None else str(value)
    text = "".join(char if char.isprintable() else " " for char in text)
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("`", "&#96;"), ("[", "&#91;")):
        text = text.replace(char, entity)
    return text


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}
