# SPDX-License-Identifier: Apache-2.0
"""From an empty folder to a verified history, and every way to be told no."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

SSCC = "106141411234567897"


@pytest.fixture
def story(site):
    """A small history: two boxes are made, packed, shipped and received."""
    site.write(
        "story.csv",
        "time,step,item,container,product,quantity,unit,place,from,to,party,recorded\n"
        "2026-03-01T08:00:00Z,commissioning,BOX-1,,LETTUCE,4.5,kg,FARM,,,,\n"
        "2026-03-01T08:05:00Z,commissioning,BOX-2,,LETTUCE,5,kg,FARM,,,,\n"
        f"2026-03-01T09:00:00Z,packing,BOX-1,{SSCC},,,,FARM,,,,\n"
        f"2026-03-01T10:00:00Z,shipping,,{SSCC},,,,FARM,FARM,DC,haulier,2026-03-01T11:00:00Z\n"
        f"2026-03-02T10:00:00Z,receiving,,{SSCC},,,,DC,FARM,,dc-dallas,\n"
        f"2026-03-02T11:00:00Z,unpacking,BOX-1,{SSCC},,,,DC,,,,\n",
    )
    site.good("import", "story.csv")
    return site


def test_the_whole_way(site, table):
    site.write("rows.csv", table(20))
    assert site.good("import", "rows.csv").out.startswith("20 events recorded")
    assert site.good("verify").out.startswith("OK")
    assert "BOX-7" in site.good("history", "BOX-7").out
    assert "receiving" in site.good("show", 8).out
    assert "BOX-19" in site.good("log").out
    assert sorted(path.name for path in site.folder.iterdir() if path.suffix in (".db", ".toml")) == [
        "ledger.db",
        "trace.toml",
    ]


def test_import_answer(story):
    answer = story.good("import", "story.csv", "--json").answer
    assert answer["schema"] == "trace.import/1"
    assert (answer["recorded"], answer["duplicates"], answer["refused"]) == (0, 6, [])
    assert (answer["first_seq"], answer["last_seq"]) == (None, None)
    assert isinstance(answer["seconds"], float)
    story.write("more.csv", "time,step,item\n2026-03-05T00:00:00Z,holding,BOX-9\n")
    more = story.good("import", "story.csv", "more.csv", "--json").answer
    assert (more["recorded"], more["duplicates"], more["first_seq"], more["last_seq"]) == (1, 6, 7, 7)


def test_a_dry_run_records_nothing(site, table):
    site.write("rows.csv", table(5))
    answer = site.good("import", "rows.csv", "--dry-run", "--json").answer
    assert (answer["recorded"], answer["would_record"], len(answer["first_events"])) == (0, 5, 3)
    assert site.size() == 1


def test_verify_answer(story):
    answer = story.good("verify", "--json").answer
    assert answer["schema"] == "trace.verify/1"
    assert (answer["verdict"], answer["origin"], answer["size"]) == ("ok", "acme.example/dc1", 7)
    assert set(answer["anchor"]) >= {"kind", "size", "root"}
    assert (answer["first_bad_seq"], answer["findings"]) == (None, [])
    assert all(set(check) >= {"name", "passed", "count"} and check["passed"] for check in answer["checks"])
    assert len(answer["root"]) == 64


def test_history_answer(story):
    answer = story.good("history", "BOX-1", "--json").answer
    keys = "seq event_id time recorded step disposition place action kind parties quantity unit parent corrected"
    assert answer["schema"] == "trace.history/1"
    assert answer["item"] == "https://acme.example/obj/BOX-1"
    assert all(set(event) >= set(keys.split()) for event in answer["events"])
    steps = [event["step"] for event in answer["events"]]
    assert steps == ["commissioning", "packing", "shipping", "receiving", "unpacking"]
    first, shipped = answer["events"][0], answer["events"][2]
    assert (first["quantity"], first["unit"], first["parent"]) == (4.5, "KGM", None)
    assert shipped["parent"] == f"https://id.gs1.org/00/{SSCC}"
    assert (shipped["time"], shipped["recorded"]) == ("2026-03-01T10:00:00.000Z", "2026-03-01T11:00:00.000Z")
    assert shipped["parties"] == [{"role": "source: possessing_party", "id": "https://acme.example/party/haulier"}]
    assert answer["holder"] == "https://acme.example/party/dc-dallas"
    assert answer["place"] == "https://acme.example/loc/DC"
    assert answer["verdict"]["word"] == "ok"
    assert [event["step"] for event in story.good("history", "BOX-2", "--json").answer["events"]] == [
        "commissioning"
    ]


def test_show_and_log_answers(story):
    shown = story.good("show", 1, "--json").answer
    assert (shown["schema"], shown["seq"], shown["kind"], shown["by"], shown["via"]) == (
        "trace.show/1",
        1,
        "event",
        "dock-3",
        "imported",
    )
    assert shown["body"]["trace:quantity"] == 4.5
    assert story.good("show", shown["body"]["eventID"], "--json").answer["seq"] == 1
    log = story.good("log", "--start", "2", "-n", "3", "--json").answer
    assert (log["schema"], log["size"]) == ("trace.log/1", 7)
    assert [entry["seq"] for entry in log["entries"]] == [2, 3, 4]
    assert story.good("log", "--start", "99", "--json").answer["entries"] == []


def test_config_answer(site):
    answer = site.good("config", "show", "--json").answer
    values = {setting["name"]: setting["value"] for setting in answer["settings"]}
    assert answer["schema"] == "trace.config/1"
    assert values["origin"] == "acme.example/dc1"
    assert values["home"] == str(site.home)


def test_init_answer(shell):
    answer = shell.good("init", "--org", "acme.example", "--site", "dc1", "--json").answer
    assert answer["schema"] == "trace.init/1"
    assert answer["origin"] == "acme.example/dc1"
    assert (shell.home / "keys" / "acme.example" / "dc1.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "arguments",
    [
        (
            "ship",
            "BOX-1",
            "--place",
            "DC",
            "--to",
            "STORE",
            "--document",
            "DN-7",
            "--promised",
            "2026-03-03T00:00:00Z",
        ),
        ("receive", "BOX-1", "--place", "STORE", "--from", "DC"),
        ("pack", "BOX-1", "BOX-2", "--into", SSCC, "--place", "DC"),
        ("unpack", SSCC, "--place", "DC"),
        ("record", "LETTUCE:24A=40.5kg", "--step", "commissioning", "--field", "colour=green"),
        ("transform", "--input", "LETTUCE:24A=40kg", "--out", "MIX:9=39kg", "--place", "FARM"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_daily_verbs(site, arguments):
    answer = site.good(*arguments, "--json").answer
    assert answer["schema"] == "trace.record/1"
    (recorded,) = answer["recorded"]
    shown = site.good("show", recorded["event_id"], "--json").answer
    assert (shown["seq"], shown["via"]) == (recorded["seq"], "typed")
    assert site.good("verify", "--json").answer["size"] == 2


def test_a_lot_is_typed_as_it_is_spoken(site):
    site.good("record", "LETTUCE:24A=40.5kg", "--step", "commissioning", "--place", "FARM")
    event = site.good("show", 1, "--json").answer["body"]
    assert event["quantityList"] == [
        {"epcClass": "https://acme.example/lot/LETTUCE:24A", "quantity": 40.5, "uom": "KGM"}
    ]
    for name in ("LETTUCE:24A", "24A", "https://acme.example/lot/LETTUCE:24A"):
        assert site.good("history", name, "--json").answer["events"][0]["quantity"] == 40.5


def told(ran, code, schema="trace.error/1"):
    """Check an error: its exit code, JSON that says so, what happened and how to mend it."""
    assert ran.code == code, (ran.out, ran.err)
    answer = ran.answer
    assert answer["schema"] == schema
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    return answer


def test_no_ledger_is_6(shell):
    for command in (("log",), ("verify",), ("history", "A"), ("show", "1"), ("scan", "A", "--step", "holding")):
        told(shell.run(*command, "--json"), 6)
        assert "trace init" in shell.run(*command).err
    told(shell.run("verify", "nowhere.db", "--json"), 6)


def test_what_is_named_is_meant_and_not_what_lies_above(site):
    told(site.run("log", "--ledger", "dc2", "--json"), 6)
    (site.folder / "below").mkdir()
    told(site.run("log", "--ledger", "below", "--json"), 6)
    for right in (".", "trace.toml", "ledger.db"):
        site.good("log", "--ledger", right)


@pytest.mark.parametrize(
    "content", [b"", b"no database at all, only text " * 50, b"SQLite format 3\x00" + b"\x01" * 4000]
)
def test_what_is_no_ledger_is_6(site, content):
    site.write("other.db", content)
    told(site.run("verify", "other.db", "--json"), 6)
    site.write("ledger.db", content)
    for suffix in ("-wal", "-shm"):
        (site.folder / f"ledger.db{suffix}").unlink(missing_ok=True)
    told(site.run("log", "--json"), 6)
    assert site.run("scan", "A", "--step", "holding").code == 6


def test_another_database_is_6(site):
    with closing(sqlite3.connect(site.folder / "other.db")) as connection:
        connection.execute("CREATE TABLE entry(seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")
    told(site.run("verify", "other.db", "--json"), 6)


def test_keys_are_7(site):
    key = site.home / "keys" / "acme.example" / "dc1.key"
    key.chmod(0o644)
    answer = told(site.run("scan", "A", "--step", "holding", "--json"), 7)
    assert answer["error"]["remedy"] == f"chmod 600 {key}"
    key.unlink()
    told(site.run("scan", "A", "--step", "holding", "--json"), 7)
    site.write("rows.csv", "time,step,item\n2026-03-05T00:00:00Z,holding,BOX-9\n")
    told(site.run("import", "rows.csv", "--json"), 7)
    assert site.good("verify", "--json").answer["size"] == 1  # reading needs no key


def test_nobody_believes_without_a_policy(site, shell, make_shell):
    stranger = make_shell("stranger")
    shutil.copy(site.ledger, stranger.folder / "got.db")
    ran = stranger.run("verify", "got.db", "--json")
    assert (ran.code, ran.answer["verdict"]) == (3, "untrusted")
    vkey = (site.home / "policy" / "acme.example" / "dc1.policy").read_text().split()[1]
    assert stranger.good("verify", "got.db", "--key", vkey, "--json").answer["anchor"]["kind"] == "key"
    shutil.rmtree(site.home / "policy")
    for command in (("log",), ("show", "0"), ("history", "A")):
        told(site.run(*command, "--json"), 3)


def test_not_found_is_4(story):
    answer = told(story.run("history", "BOX-77", "--json"), 4, "trace.history/1")
    assert answer["events"] == []
    for name in ("7", "99999999999999999999999", "urn:uuid:0", "nothing"):
        told(story.run("show", name, "--json"), 4)


@pytest.mark.parametrize("text", [os.fsdecode(b"\xff"), "", " ", "a\nb", "\u202e", "x" * 5000])
def test_odd_arguments_are_answered(story, text):
    for arguments in (("history", text), ("show", text)):
        ran = story.run(*arguments, "--json")
        assert ran.code == 4
        assert ran.answer["error"]["code"] == 4
        assert story.run(*arguments).code == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("log", "--nonsense"),
        ("log", "-n", "0"),
        ("log", "-n", "many"),
        ("history",),
        ("init",),
        ("scan", "--step", "holding"),
        ("scan", "A"),
        ("import",),
        ("import", "a.csv", "--on-error", "ignore"),
        ("record", "A", "--step", "holding", "--field", "no-equals"),
        ("verify", "--key", "nonsense"),
    ],
    ids=" ".join,
)
def test_usage_is_2(site, arguments):
    assert told(site.run(*arguments, "--json"), 2)["error"]["remedy"]
    plain = site.run(*arguments)
    assert (plain.code, plain.out) == (2, "")
    assert plain.err.startswith("trace: ")


def test_a_slip_is_answered_with_what_was_meant(site):
    assert "--json" in site.run("log", "--jsn").err
    assert "trace history A" in site.run("histroy", "A").err
    assert "'shipping'" in site.run("scan", "A", "--step", "shiping").err


def test_trace_alone_prints_help(shell):
    ran = shell.run()
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: trace" in ran.err
    assert "verify" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", "4006381333932", "--step", "holding"),
        ("record", "A", "--step", "ordering"),
        ("record", "A=-1kg", "--step", "holding"),
        ("ship", "A", "--at", "2026-03-01 08:00:00"),
        ("ship", "A", "--place", "0614141000004"),
        ("pack", "A", "--into", "A"),
        ("init", "--org", "acme.example", "--site", "dc1"),
        ("init", "sub", "--org", "acme.example", "--site", "dc1"),
        ("init", "sub", "--org", "Acme", "--site", "dc1"),
        ("init", "sub", "--org", "acme.example", "--site", 'x"\n[home]'),
    ],
    ids=lambda arguments: " ".join(arguments).replace("\n", " "),
)
def test_refused_is_5_and_nothing_is_written(site, arguments):
    before = site.ledger.read_bytes()
    ran = site.run(*arguments, "--json")
    assert ran.code == 5
    assert ran.answer["error"]["code"] == 5
    assert site.ledger.read_bytes() == before
    assert site.size() == 1
    assert not (site.folder / "sub").exists()


def test_settings_can_never_say_whom_to_trust(site):
    settings = site.folder / "trace.toml"
    good = settings.read_text()
    for bad in (
        'home = "/x"\n' + good,
        good + "[policy]\n",
        good.replace("[ledger]", '[ledger]\nkey = "x"'),
        good + "[",
        good + "[x]\n",
    ):
        settings.write_text(bad)
        assert site.run("log").code == 2
        assert "trace.toml" in site.run("log").err
    settings.write_text(good + '[codes]\ndomain = "partner.example"\n')
    site.good("scan", "A", "--step", "holding")
    assert site.good("show", 1, "--json").answer["body"]["epcList"] == ["https://partner.example/obj/A"]


def test_private_fields(site):
    settings = site.folder / "trace.toml"
    settings.write_text(settings.read_text().replace("fields = []", 'fields = ["party", "trace:quantity"]'))
    site.write(
        "rows.csv",
        "time,step,item,quantity,party,contact\n2026-03-05T00:00:00Z,receiving,A,77123.5,SECRET-P,SECRET-C\n",
    )
    site.good("import", "rows.csv")
    with closing(sqlite3.connect(site.ledger)) as connection:
        stored = b"".join(row[0] for row in connection.execute("SELECT bytes FROM entry"))
    assert b"SECRET" not in stored
    assert b"77123" not in stored
    event = site.good("history", "A", "--json").answer["events"][0]
    assert (event["quantity"], event["parties"][0]["id"]) == (77123.5, "https://acme.example/party/SECRET-P")
    assert site.good("import", "rows.csv", "--json").answer["duplicates"] == 1


def test_a_tampered_ledger_is_3(story):
    with closing(sqlite3.connect(story.ledger, isolation_level=None)) as connection:
        connection.execute("UPDATE entry SET bytes = CAST(replace(bytes, 'BOX-1', 'BOX-3') AS BLOB) WHERE seq = 3")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ran = story.run("verify", "--json")
    assert (ran.code, ran.answer["verdict"], ran.answer["first_bad_seq"]) == (3, "tampered", 3)
    for command in (("show", "3"), ("log",), ("history", "BOX-1")):
        assert told(story.run(*command, "--json"), 3)["error"]["first_bad_seq"] == 3
    story.good("show", "2")


def test_a_private_value_that_was_changed_is_3(site):
    site.write("rows.csv", "time,step,item,contact\n2026-03-05T00:00:00Z,holding,A,ANN\n")
    site.good("import", "rows.csv")
    with closing(sqlite3.connect(site.ledger, isolation_level=None)) as connection:
        connection.execute("""UPDATE attachment SET data = CAST('"EVE"' AS BLOB)""")
    for command in (("show", "1"), ("history", "A")):
        ran = site.run(*command)
        assert ran.code == 3
        assert "EVE" not in ran.out
    assert site.run("verify", "--json").answer["first_bad_seq"] == 1


def test_an_index_that_names_another_entry_is_not_believed(story):
    shown = story.good("show", 1, "--json").answer["body"]["eventID"]
    with closing(sqlite3.connect(story.ledger, isolation_level=None)) as connection:
        connection.execute("UPDATE d_ident SET seq = 2 WHERE seq = 1")
    ran = story.good("show", shown, "--json")
    assert (ran.answer["seq"], ran.answer["body"]["eventID"]) == (1, shown)
    assert "warning" in ran.err


def test_head_closes_cleanly(site, table):
    site.write("rows.csv", table(3000))
    site.good("import", "rows.csv")
    for arguments in ("log -n 3000", "log -n 3000 --json", "history NOTHING --json"):
        line = f"'{sys.executable}' -m trace_cli {arguments} | head -c 20"
        ran = subprocess.run(["sh", "-c", line], cwd=site.folder, env=site.env, capture_output=True, check=True)
        assert len(ran.stdout) == 20
        assert b"Traceback" not in ran.stderr
        assert b"Exception ignored" not in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    ["log", "log --json", "scan A --step holding", "verify", "history NOTHING --json", "log --nonsense --json"],
)
def test_a_reader_that_is_gone_already(site, arguments):
    ours, theirs = os.pipe()
    os.close(ours)
    program = [sys.executable, "-m", "trace_cli", *arguments.split()]
    try:
        ran = subprocess.run(
            program, cwd=site.folder, env=site.env, stdout=theirs, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(theirs)
    assert ran.returncode in (1, 2, 4)
    assert b"Traceback" not in ran.stderr
    assert b"Exception ignored" not in ran.stderr


@pytest.mark.parametrize(
    "arguments", [("log",), ("log", "--json"), ("history", "NOTHING", "--json"), ("log", "--nonsense", "--json")]
)
def test_a_full_or_closed_stdout(site, arguments):
    program = [sys.executable, "-m", "trace_cli", *arguments]
    for redirect in (">/dev/full", ">&-", ">&- 2>&-"):
        ran = subprocess.run(
            ["sh", "-c", f'"$0" "$@" {redirect}', *program],
            cwd=site.folder,
            env=site.env,
            capture_output=True,
            check=False,
        )
        assert ran.returncode in (0, 1, 2, 4)
        assert b"Traceback" not in ran.stderr
        assert b"Exception ignored" not in ran.stderr


def test_json_is_utf_8_whatever_the_terminal(site):
    site.more = {"PYTHONIOENCODING": "ascii"}
    site.good("scan", "Café", "--step", "holding")
    assert site.good("log", "--json").answer["entries"][1]["summary"] == "holding: Café"
    assert "Caf\\xe9" in site.good("log").out


def test_what_others_wrote_cannot_draw_on_the_terminal(site):
    site.good("scan", "A\u202eB", "--step", "holding")
    for ran in (site.good("log"), site.good("history", "A\u202eB"), site.run("history", "\u202e")):
        assert "\u202e" not in ran.out + ran.err
    assert json.loads(site.good("log", "--json").out)["entries"][1]["summary"].startswith("holding")
