# SPDX-License-Identifier: Apache-2.0
import pytest

from trace_cli.context import find_site
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.settings import find_settings, load_settings, operator, write_settings

GOOD = '[ledger]\norg = "acme.example"\nsite = "dc1"\n'


@pytest.fixture
def folder(tmp_path):
    write_settings(tmp_path / "trace.toml", org="acme.example", site="dc1")
    return tmp_path


def test_what_is_written_is_read(folder):
    found = load_settings(folder / "trace.toml")
    assert (found.origin, found.ledger_file) == ("acme.example/dc1", folder / "ledger.db")
    assert found.strings("private", "fields") == found.strings("demand", "steps") == []
    with pytest.raises(FileExistsError):
        write_settings(folder / "trace.toml", org="other.example", site="dc1")


def test_the_nearest_upward(folder):
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    assert find_settings(below) == folder / "trace.toml"
    (below / "trace.toml").write_text(GOOD)
    assert find_settings(below) == below / "trace.toml"
    assert find_settings(folder / "nowhere") == folder / "trace.toml"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "org under"),
        ("x", "no TOML"),
        ("[ledger]\norg = 1\n", "org under"),
        (GOOD + 'file = "/abs/ledger.db"\n', "relative path"),
        (GOOD + "file = 1\n", "relative path"),
        (GOOD + 'home = "x"\n', "trust can never be set here"),
        (GOOD + 'pins = "x"\n', "trust can never be set here"),
        (GOOD + '[policy]\nx = "y"\n', "trust can never be set here"),
        ('keys = "x"\n' + GOOD, "trust can never be set here"),
        (GOOD + "[nonsense]\n", "unknown section"),
        (GOOD + "[private]\nfield = []\n", "unknown key 'field'"),
        ("private = 3\n" + GOOD, "unknown section"),
    ],
)
def test_refusals_are_usage_and_name_the_file(tmp_path, text, says):
    (tmp_path / "trace.toml").write_text(text)
    with pytest.raises(CommandError, match=says) as caught:
        load_settings(tmp_path / "trace.toml")
    assert caught.value.code is ExitCode.USAGE
    assert "trace.toml" in caught.value.message


def test_lists_must_be_lists(tmp_path):
    (tmp_path / "trace.toml").write_text(GOOD + '[private]\nfields = "party"\n')
    with pytest.raises(CommandError, match="list of texts"):
        load_settings(tmp_path / "trace.toml").strings("private", "fields")


def test_who_records(folder, tmp_path):
    settings = load_settings(folder / "trace.toml")
    user = tmp_path / "config" / "trace"
    user.mkdir(parents=True)
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    assert operator(None, environ, settings)
    (user / "config.toml").write_text('[defaults]\nby = "user-file"\n')
    assert operator(None, environ, settings) == "user-file"
    path = folder / "trace.toml"
    path.write_text(path.read_text() + '[defaults]\nby = "site-file"\n')
    settings = load_settings(path)
    assert operator(None, environ, settings) == "site-file"
    assert operator(None, environ | {"TRACE_BY": "environment"}, settings) == "environment"
    assert operator("flag", environ | {"TRACE_BY": "environment"}, settings) == "flag"


def test_find_site(folder, monkeypatch):
    below = folder / "below"
    below.mkdir()
    (folder / "ledger.db").touch()
    monkeypatch.chdir(below)
    assert find_site(None).path == folder / "ledger.db"
    for named in (folder, folder / "trace.toml", folder / "ledger.db"):
        assert find_site(named).path == folder / "ledger.db"
    for wrong in (below, folder / "nowhere", below / "nowhere"):
        with pytest.raises(CommandError) as caught:
            find_site(wrong)
        assert caught.value.code is ExitCode.UNAVAILABLE
