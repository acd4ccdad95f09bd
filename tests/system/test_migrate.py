# SPDX-License-Identifier: MIT
"""ngmtctl migrate: every key of mturk.conf.js, what cannot be carried over, and that no key of an account is shown."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

from ngmt import SANITIZER_REPORT, clean_environment, program, source_root

SECRET = "geheim/K7MDENG+bPxRfiCY"
ACCESS = "AKIDMIGRATION"
KEYS = re.findall(r'^KEY\("([\w.]+)",\s+(\w+),\s+(?:"(\w+)"|NULL),\s+(?:"(\w+)"|NULL)',
                  (source_root() / "client" / "migrate_keys.def").read_text(), re.M)
WITH_KEYS = f"accessKeyId: '{ACCESS}', secretAccessKey: '{SECRET}', sandbox: true"

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="there is no node")


@pytest.fixture
def migrate(tmp_path):
    """Runs ngmtctl migrate on a file that exports these members; .text is the new file or None."""
    def run(members, *options, status=0, whole=None, path=None, name="mturk.conf.js"):
        folder = tmp_path / "nodegame-mturk" / "conf"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(whole if whole is not None else "module.exports = { " + members + " };\n")
        search = path if path is not None else f"{pathlib.Path(program('daemon/ngmtd')).parent}:{os.environ['PATH']}"
        done = subprocess.run([program("client/ngmtctl"), "migrate", str(folder / name), *options], cwd=tmp_path,
                              env=clean_environment(PATH=search), capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        assert SECRET not in done.stdout + done.stderr and ACCESS not in done.stdout + done.stderr
        written = tmp_path / "ngmt.conf"
        done.text = written.read_text() if written.exists() else None
        done.options = dict(line.split(" = ", 1) for line in (done.text or "").splitlines() if " = " in line
                            and not line.startswith("#"))
        return done

    return run


# A value of each key, and what it is here.
EXAMPLES = {
    "accessKeyId": (f"'{ACCESS}'", ACCESS), "access": (f"'{ACCESS}'", ACCESS),
    "secretAccessKey": (f"'{SECRET}'", SECRET), "secret": (f"' {SECRET} '", SECRET),
    "sessionToken": ("'token+/='", "token+/="), "region": ("'us-east-1'", "us-east-1"),
    "sandbox": ("false", "no"), "nodeGamePath": ("'/srv/nodegame'", "/srv/nodegame"),
    "loadOptions.separator": ("';'", ";"), "loadOptions.quote": ('"\'"', "'"),
    "loadOptions.headers": ("['WorkerId', 'bonus']", "WorkerId,bonus"),
    "fieldsCaseInsensitive": ("0", "no"), "caseInsensitive": ("1", "yes"), "validateLevel": ("1", "1"),
    "autoApprove": ("true", "yes"), "resultsFile": ("'/srv/bonus.csv'", "/srv/bonus.csv"),
    "inputCodesFile": ("'/srv/codes.csv'", "/srv/codes.csv"), "maxBonus": ("7.5", "7.50"),
    "minBonus": ("'0.1'", "0.10"), "dry": ("true", "yes"), "nRetries": ("3", "3"),
    "retryInterval": ("60000", "1m"), "retriesInterval": ("1500", "1500ms"), "throttleInterval": ("0", "0"),
    "HITId": ("'3NGMTHIT1'", "3NGMTHIT1"), "QualificationTypeId": ("'3NGMTQUAL1'", "3NGMTQUAL1"),
    "IntegerValue": ("2", "2"), "SendNotification": ("true", "yes"), "Reason": ("' Thank you '", "Thank you"),
    "RequesterFeedback": ("'Für alle'", "Für alle"),
}
PARTNERS = {"accessKeyId": "secretAccessKey", "access": "secret", "secretAccessKey": "accessKeyId",
            "secret": "access", "sessionToken": "accessKeyId"}


def member(name, value):
    outer, _, inner = name.partition(".")
    return f"{outer}: {{ {inner}: {value} }}" if inner else f"{outer}: {value}"


@pytest.mark.parametrize("name, conversion, section, key", KEYS, ids=[k[0] for k in KEYS])
def test_every_key(migrate, name, conversion, section, key):
    """Each alone: its value arrives in the units of ngmt.conf, under a comment that names it, and ngmtd agrees."""
    if conversion in ("NOTHING", "BY_HAND"):
        done = migrate(member(name, "function(item) { return true; }" if conversion == "BY_HAND" else "1234"),
                       "--json", status=7 if conversion == "BY_HAND" else 0)
        (item,) = json.loads(done.stdout)["left" if conversion == "BY_HAND" else "unneeded"]
        assert item["name"] == name and item["why"]
        assert done.options == {}
        return
    value, expected = EXAMPLES.get(name, (f"'My {name}'", f"My {name}"))
    members = [member(name, value)]
    if name in PARTNERS:
        members.append(member(PARTNERS[name], EXAMPLES[PARTNERS[name]][0]))
    if name == "sessionToken":
        members.append(member("secret", EXAMPLES["secret"][0]))
    done = migrate(", ".join(members), "--json")
    said = json.loads(done.stdout)
    assert said["check"] == "good", said
    (item,) = [i for i in said["understood"] if i["name"] == name]
    secret = conversion == "SECRET"
    assert (item["section"], item["key"], item["value"]) == (section, key, None if secret else expected)
    assert done.options[key] == expected
    assert re.search(rf"^# {re.escape(name)}(:.*)?\n{key} = ", done.text, re.M), done.text


def test_usual_columns_are_not_configured(migrate):
    """A configured name would be the only one that is found."""
    done = migrate("fields: { workerId: 'WorkerId', exitCode: 'Answer.surveycode', bonus: 'bonus', reason: 'Why' }")
    assert done.options == {"reason": "Why"}
    assert 'a column "Answer.surveycode" is found by itself' in done.stdout


def test_the_file_is_ours_alone_and_never_overwritten(migrate, tmp_path):
    done = migrate(WITH_KEYS)
    assert stat.S_IMODE((tmp_path / "ngmt.conf").stat().st_mode) == 0o600
    assert done.options == {"access_key_id": ACCESS, "secret_access_key": SECRET, "sandbox": "yes"}
    assert "ngmtd finds nothing wrong with it" in done.stdout
    before = done.text
    again = migrate("sandbox: false", status=1)
    assert again.text == before and '"ngmt.conf" exists already' in again.stderr
    (tmp_path / "elsewhere.conf").symlink_to(tmp_path / "dangling")
    assert "exists already" in migrate("sandbox: false", "--output", "elsewhere.conf", status=1).stderr
    assert not (tmp_path / "dangling").exists()


def test_secrets_are_not_printed(migrate):
    done = migrate(WITH_KEYS, "--output", "-")
    assert "#secret_access_key = (not printed)" in done.stdout and "sandbox = yes" in done.stdout
    assert "[aws] secret_access_key = (set, not shown)" in done.stderr
    assert done.text is None
    as_json = json.loads(migrate(WITH_KEYS, "--output", "-", "--json").stdout)
    assert "#access_key_id = (not printed)" in as_json["text"]
    # Not even when the file prints them, or cannot be read at the line where they stand.
    noisy = f"console.log('{SECRET}'); console.error('{SECRET}'); module.exports = {{ {WITH_KEYS} }};"
    migrate("", "--output", "-", whole=noisy)
    for broken in (f"module.exports = {{\n  secret: {SECRET},\n}};", f"throw new Error('{SECRET}')",
                   f"\n\nmodule.exports = {{ access: {ACCESS} }};", f"throw '{SECRET}'"):
        assert "node cannot read" in migrate("", status=1, whole=broken).stderr
    assert "line 3" in migrate("", status=1, whole=f"\n\nmodule.exports = {{ access: {ACCESS} }};").stderr


def test_paths_are_below_the_folder_of_nodegame_mturk(migrate, tmp_path):
    done = migrate("nodeGamePath: '../nodegame', resultsFile: 'data/bonus.csv'")
    root = tmp_path / "nodegame-mturk"
    assert done.options == {"path": f"{root}/../nodegame", "results_file": f"{root}/data/bonus.csv"}


def test_what_cannot_be_carried_over(migrate):
    done = migrate("filter: function(item) { return item.type !== 'bot'; }, maxBonus: 0.125, region: 'eu-west-1', "
                   "Reason: 'a\\nb', loadOptions: { separator: '\\t', headers: false }, nodeGamePath: 'C:\\\\nodegame', "
                   "validateLevel: -1, fields: { bonuss: 'x' }, sandBox: true, hitId: [1], "
                   "QualificationTypeId: 'none yet', '\\x1b[2J': 1", "--json", status=7)
    left = {item["name"]: (item["why"], item["hint"]) for item in json.loads(done.stdout)["left"]}
    assert left["filter"] == ("a function: write it as an SQL expression over the columns",
                              "without [import] filter it is: " + default_filter())
    assert "more than two decimals" in left["maxBonus"][0]
    assert left["region"] == ('"eu-west-1" is not possible here', "possible are: us-east-1")
    assert left["Reason"] == ("the value has more than one line", None)
    assert left["loadOptions.separator"][0] == '"\\x09" is not possible here'
    assert left["fields.bonuss"][1] == 'did you mean "fields.bonus"?'
    assert left["sandBox"][1] == 'did you mean "sandbox"?'
    assert set(left) == {"filter", "maxBonus", "region", "Reason", "loadOptions.separator", "loadOptions.headers",
                         "nodeGamePath", "validateLevel", "fields.bonuss", "sandBox", "hitId", "QualificationTypeId",
                         "\\x1b[2J"}
    assert done.options == {}, "nothing wrong is in the new file"
    for name in left:
        assert f"#   {name}: " in done.text
    assert "sandbox is not set: nodegame-mturk then works with real money" in done.text


def default_filter():
    sample = subprocess.run([program("daemon/ngmtd"), "--print-sample-config"], capture_output=True, text=True,
                            env=clean_environment(), check=True).stdout
    return re.search(r"^#filter = (.*)$", sample, re.M)[1]


def test_two_names_of_one_option(migrate):
    done = migrate("fields: { bonus: 'Pay' }, bonusField: 'Other', retryInterval: 10, retriesInterval: 10", "--json",
                   status=7)
    assert done.options == {"bonus": "Pay", "retry_interval": "10ms"}
    assert [i["why"] for i in json.loads(done.stdout)["left"]] == ['"fields.bonus" says otherwise, and counts']


def test_what_ngmtd_refuses_is_shown(migrate):
    done = migrate("maxBonus: 1, minBonus: 2, sandbox: true", status=7)
    assert "ngmtd would not start with it:\n" in done.stdout and '"min_bonus" (2.00) is above' in done.stdout


def test_the_template_itself(migrate):
    done = migrate("access: 'YOUR_ACCESS_CODE', secret: 'YOUR_SECRET', HITId: '" + 3 * "X" + "', "
                   "QualificationTypeId: 'YYY', "
                   "UniqueRequestToken: 1234, Reason: '', region: undefined, dry: null, maxBonus: 10")
    assert done.options == {"max_bonus": "10.00"}


@pytest.mark.parametrize("whole, said", [
    ("module.exports = 3;", "exports no object"), ("module.exports = {};", "there are no settings in it"),
    ("process.exit(0);", "node ended without telling"), ("process.kill(process.pid, 'SIGKILL');", "(status 137)"),
    ("require('no-such-module');", 'needs the module "no-such-module"'),
    ("require('fs').writeSync(3, '{\"keys\": 7}'); process.exit(0)", "exports no object"),
    ("require('fs').writeSync(3, '[1,2'); process.exit(0)", "node ended without telling"),
    ("require('fs').writeFileSync(3, 'x'.repeat(3000000)); ", "says too much"),
])
def test_files_that_are_none(migrate, whole, said):
    done = migrate("", status=1, whole=whole)
    assert said in done.stderr and done.text is None


def test_a_file_that_does_not_end(migrate):
    done = migrate("", "--timeout", "1", status=8, whole="for (;;) {}")
    assert '"node" takes too long' in done.stderr and done.text is None


def test_without_node(migrate, tmp_path):
    (tmp_path / "empty").mkdir()
    done = migrate("sandbox: true", "--json", status=1, path=str(tmp_path / "empty"))
    error = json.loads(done.stdout)["error"]
    assert "there is no node" in error["message"] and "apt install nodejs" in error["hint"]


def test_without_ngmtd_it_says_so(migrate, tmp_path):
    if any(os.path.exists(f"/usr{local}/sbin/ngmtd") for local in ("", "/local")):
        pytest.skip("ngmtd is installed")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").symlink_to(shutil.which("node"))
    assert "not checked, for ngmtd is not here" in migrate("sandbox: true", path=str(tmp_path / "bin")).stdout
