"""`trace decision score`: how good a recorded forecast was, from verified history recorded since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.prediction import Prediction, moment_text, number, telling

if TYPE_CHECKING:
    from forecasting.rerun import Rerun
    from forecasting.scoring import Score
    from trace_cli.decided import Decided

SCHEMA: Final = "trace.decision-score/1"
COMMAND: Final = "score"


def score_decision(decided: Decided, as_of: int | None) -> tuple[Prediction, Score]:
    """Hold a decision against what came.

    The forecast is the one that the entry keeps; where it keeps the digest alone, the run is made again and must
    give that digest.

    Args:
        decided: The decision, out of a verified history.
        as_of: What was known by then [us since the epoch]; None: everything.

    Raises:
        CommandError: It is no forecast of demand, nothing of it has come, or the forecast cannot be had.
    """
    from forecasting.errors import BadArgument
    from forecasting.scoring import score_forecast

    history = decided.history
    now = Prediction(decided.site, history, history.latest if as_of is None else as_of)
    with telling():
        try:
            points = _points(decided)
            return now, score_forecast(
                decided.body, points, decided.then().events(), now.events(), as_of=now.moment
            )
        except BadArgument as error:
            raise CommandError(
                ExitCode.REFUSED,
                f"decision {decided.entry.seq}: {error}",
                remedy=f"trace decision show {decided.entry.seq}",
            ) from None


def _points(decided: Decided) -> Any:
    from forecasting.errors import BadArgument
    from forecasting.rerun import rerun
    from forecasting.result_record import read_result

    body = decided.body
    kept = body.get("output")
    table = read_result(kept) if isinstance(kept, dict) else None
    if table is not None:
        return table
    again = rerun(body, decided.then().events())
    if again.output_digest != body.get("output_digest"):
        raise BadArgument("the entry keeps only a digest of its forecast, and the run gives another one now")
    return again.result


def describe_score(decided: Decided, now: Prediction, score: Score) -> dict[str, object]:
    """Describe a score as the payload of a decision entry that refers to the decision it judges."""
    from forecasting.decisions import describe_run, output_digest

    return {
        **describe_run(
            command=COMMAND,
            checkpoint=now.checkpoint(),
            selection={"as_of": moment_text(now.moment), "decision": decided.entry.seq},
            data=score.data_digest,
            model=str(decided.body.get("model")),
            parameters={"nominal_coverage": number(score.nominal), "periods": score.periods},
            seed=0,
            output=output_digest(score.table),
            result=score.table,
        ),
        "refers": decided.entry.seq,
    }


def score_answer(decided: Decided, now: Prediction, score: Score) -> dict[str, Any]:
    """Build the JSON answer: ``periods, horizon, nominal_coverage, mean: {...}, series: [{...}]``."""
    return {
        **now.answer(SCHEMA),
        "seq": decided.entry.seq,
        "forecast_as_of": moment_text(decided.then().moment),
        "periods": score.periods,
        "horizon": score.horizon,
        "nominal_coverage": number(score.nominal),
        "mean": {name: number(value) for name, value in score.means().items()},
        "series": [_row(row) for row in score.table.to_dict("records")],
    }


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): value if name == "unique_id" else int(value) if name in ("periods", "lag") else number(value)
        for name, value in row.items()
    }


def repeat_score(scored: Decided, judged: Decided) -> Rerun:
    """Make a recorded score again, from the history at the size that the score states."""
    from forecasting.decisions import output_digest
    from forecasting.rerun import Rerun

    past = scored.then()
    cut = replace(judged, history=past.history)
    _, score = score_decision(cut, past.as_of)
    return Rerun(score.data_digest, output_digest(score.table), score.table)
