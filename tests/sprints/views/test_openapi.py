"""Test that the OpenAPI document is current, complete, and true for requests by schemathesis."""

import json
import os

import pytest
from django.core.wsgi import get_wsgi_application

from sprints.views import api
from sprints.views.api.document import document
from tests import studio
from tools import openapi

# A run of one's own may be longer: STUDIO_TEST_EXAMPLES=500
EXAMPLES = int(os.environ.get("STUDIO_TEST_EXAMPLES", "8"))


def test_the_committed_document_is_of_this_code():
    assert openapi.FILE.read_text() == openapi.text(), "make it anew: python tools/openapi.py"


def test_every_path_of_ours_is_in_it():
    described = {path.replace("{", "<").replace("}", ">") for path in document()["paths"]}
    ours = {"/" + str(one.pattern).replace("<relpath:", "<") for one in api.urls}

    assert described == ours | {"/health"}


def test_each_operation_has_a_name_of_its_own_and_says_what_it_does():
    operations = [said for path in document()["paths"].values() for said in path.values()]

    assert len({said["operationId"] for said in operations}) == len(operations)
    assert all(said["description"].endswith(".") for said in operations)


def test_each_refusal_has_the_one_shape():
    error = {"$ref": "#/components/schemas/Error"}
    for path in document()["paths"].values():
        for said in path.values():
            for status, answer in said["responses"].items():
                if int(status) >= 400:
                    assert answer["content"]["application/json"]["schema"] == error


@pytest.mark.filterwarnings("default")  # what schemathesis and its kin warn of is theirs
def test_no_request_of_schemathesis_is_an_error_of_ours(store):
    """Examples of each operation, asked of the application itself: what it answers stands in the
    document, and nothing is a 500.
    """
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    for name in ("wk1", "wk2"):
        studio.create(name, brief="b")
    studio.run("wk2")
    token = json.loads(store.config.read_text())["auth_token"]
    schema = schemathesis.openapi.from_dict(document())
    schema.config.update(base_url="http://127.0.0.1")
    application = get_wsgi_application()
    looked_for = [
        not_a_server_error,
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    ]
    seen: set[int] = set()

    for result in schema.get_all_operations():
        operation = result.ok()
        operation.app = application
        if operation.path == "/api/config" and operation.method == "post":
            continue  # a switch that holds everything would end the trial

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def trial(case):
            case.headers["X-Studio-Gateway-Token"] = token
            response = case.call_and_validate(checks=looked_for)
            seen.add(response.status_code)

        trial()

    assert {200, 404, 422} <= seen
