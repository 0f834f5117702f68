"""Test refused hooks."""

import pytest

ADD = ("hook", "add", "h1", "--on", "round_done", "--command", "true")


@pytest.mark.parametrize(
    "hook_id", ["", " ", "a/b", "../x", "a b", "-x", "con", "x.lock", "x" * 65]
)
def test_an_id_that_no_hook_can_have(refused, hook_id):
    said = refused("hook", "add", "--on", "error", "--command", "true", "--", hook_id)

    assert "cannot be a hook id" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "a hook needs a target; add one of"),
        (["--command", "true"], "a hook needs events; add --on"),
        (["--on", "round_done"], "a hook needs a target; add one of"),
        (["--on", "", "--command", "true"], "subscribes to at least one of: sprint_start"),
        (["--on", "nope", "--command", "true"], "no event or point 'nope'"),
        (["--on", "ROUND_DONE", "--command", "true"], "no event or point 'ROUND_DONE'"),
        (["--on", "error,error", "--command", "true"], "names a point twice"),
        (["--on", "error", "--command", ""], "the command is empty"),
        (["--on", "error", "--command", "' '"], "the command is empty"),
        (["--on", "error", "--command", "sh -c 'x"], "the command cannot be split"),
        (["--on", "error", "--command", "a\0b"], "UTF-8 texts without NUL"),
        (["--on", "error", "--command", "a\udcffb"], "UTF-8 texts without NUL"),
    ],
)
def test_a_hook_without_a_target_or_a_point_that_can_be(refused, options, words):
    assert words in refused("hook", "add", "h1", *options)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "begins with https:// or http:// and a host"),
        ("example.com", "begins with https://"),
        ("ftp://example.com", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("https://", "begins with https://"),
        ("https:///path", "begins with https://"),
        ("https://example.com:0", "begins with https://"),
        ("https://example.com:99999", "the URL cannot be read"),
        ("https://example.com:port", "the URL cannot be read"),
        ("https://[::1", "the URL cannot be read"),
        ("https://me:secret@example.com", "a URL names no user"),
        ("https://example.com/#top", "has no #fragment"),
        ("https://example.com/a b", "without spaces"),
        ("https://example.com/\nX-Evil: 1", "printable ASCII"),
        ("https://exämple.com", "printable ASCII"),
        ("https://example.com/" + "a" * 2000, "at most 2000"),
        (
            "http://127.0.0.1:8000",
            "127.0.0.1 is not a public address; if you mean it, allow private",
        ),
        ("http://localhost", "not a public address"),
        ("http://0x7f.1", "not a public address"),
        ("http://2130706433", "not a public address"),
        ("http://[::ffff:127.0.0.1]", "not a public address"),
        ("http://169.254.169.254/latest", "not a public address"),
        ("http://10.0.0.1", "not a public address"),
    ],
)
def test_a_url_that_no_webhook_can_have(refused, url, words):
    assert words in refused("hook", "add", "h1", "--on", "error", "--url", url)


@pytest.mark.parametrize("url", ["", "nosuch://x", "example.com", "json://", "a\nb"])
def test_a_url_that_no_service_of_apprise_has(refused, url):
    said = refused("hook", "add", "h1", "--on", "error", "--notify", url)

    assert "Apprise knows no service by that URL" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--command", "true", "--url", "https://example.com"], "not allowed with argument"),
        (["--command", "true", "--allow-private"], "only a webhook can be allowed"),
        (["--url", "https://example.com", "--blocking"], "only a command can be blocking"),
        (["--command", "true", "--blocking"], "a sprint can wait at: sprint_start"),
    ],
)
def test_options_that_do_not_go_together(refused, options, words):
    assert words in refused("hook", "add", "h1", "--on", "error", *options)


def test_a_hook_stays_of_its_kind(refused, invoke):
    assert invoke(*ADD).code == 0

    said = refused("hook", "set", "h1", "--url", "https://example.com")

    assert said == "hook h1 is a command hook; remove it and add a new one"


def test_a_command_has_no_secret(refused, invoke):
    assert invoke(*ADD).code == 0

    assert "only webhooks have a secret" in refused("hook", "show", "h1", "--secret")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--timeout", "0", "timeout must be above 0"),
        ("--timeout", "-1", "timeout must be above 0"),
        ("--timeout", "3601", "at most 3600 seconds"),
        ("--timeout", "nan", "timeout must be above 0"),
        ("--timeout", "inf", "at most 3600 seconds"),
        ("--timeout", "soon", "invalid float value"),
        ("--tries", "0", "--tries"),
        ("--tries", "21", "1 to 20 times"),
        ("--tries", "1.5", "--tries"),
        ("--tries", "many", "--tries"),
        ("--backoff", "-1", "backoff must be 0 to 3600"),
        ("--backoff", "3601", "backoff must be 0 to 3600"),
        ("--backoff", "nan", "backoff must be 0 to 3600"),
        ("--backoff", "", "invalid float value"),
    ],
)
def test_a_policy_that_cannot_be(refused, option, value, words):
    assert words in refused(*ADD, f"{option}={value}")


@pytest.mark.parametrize("act", ["show", "set", "remove", "test"])
def test_a_hook_that_is_not_there(refused, act):
    assert "no hook 'nosuch'; see: studio-gateway hook list" in refused("hook", act, "nosuch")


@pytest.mark.parametrize("delivery_id", ["", "nosuch", "msg_0", "a\nb"])
def test_a_delivery_that_is_not_there(refused, delivery_id):
    assert "see: studio-gateway hook deliveries" in refused("hook", "redeliver", delivery_id)


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_of_deliveries_that_cannot_be(refused, number):
    assert "--limit" in refused("hook", "deliveries", f"--limit={number}")


def test_a_hook_that_is_there_is_not_added_again(refused, invoke):
    assert invoke(*ADD).code == 0

    assert "already exists; change it with: studio-gateway hook set" in refused(*ADD)


def test_a_thirty_third_hook(refused, invoke):
    for n in range(32):
        assert invoke("hook", "add", f"x{n}", "--on", "error", "--command", "true").code == 0

    assert "there are 32 hooks already" in refused(*ADD)


def test_a_refused_change_leaves_the_hook_as_it_was(refused, invoke):
    assert invoke(*ADD).code == 0

    said = refused("hook", "set", "h1", "--timeout", "0", "--on", "nope")

    assert "no event or point 'nope'" in said
    assert "timeout must be above 0" in said
