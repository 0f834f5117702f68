"""Build the OpenAPI document, and show it as a page that works offline."""

import json
from collections.abc import Iterator

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from sprints.contract.json_types import JsonObject, JsonValue
from sprints.views.api import interface, shapes
from sprints.views.request import Request
from sprints.views.responses import only

SECURITY = {
    "token": {"type": "apiKey", "in": "header", "name": "X-Studio-Gateway-Token"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
ANYWHERE = {"sprint_id": "wk1", "relpath": "gates/qa_smoke_quick/stdout.txt"}
DEEP = 6


def document() -> JsonObject:
    """Return the OpenAPI document of the whole interface."""
    made: JsonObject = json.loads(json.dumps(interface.get_openapi_schema(path_prefix="/api/")))
    made["components"]["schemas"]["Health"] = shapes.Health.model_json_schema()
    made["components"]["securitySchemes"] = SECURITY
    made["security"] = [{name: []} for name in SECURITY]
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
    made["paths"]["/health"] = {
        "get": {
            "operationId": "health",
            "summary": "Health",
            "description": "That this process answers, whatever else is wrong.",
            "parameters": [],
            "responses": {"200": {"description": "OK", "content": answer}},
            "security": [],
        }
    }
    return made


@only("GET")
def openapi(request: Request) -> HttpResponse:
    """Return the OpenAPI document."""
    return JsonResponse(document())


@only("GET")
def page(request: Request) -> HttpResponse:
    """Show the document as a page."""
    made = document()
    base = f"{request.scheme}://{request.get_host()}"
    what = {"info": made["info"], "operations": [*_operations(made, base)]}
    return render(request, "sprints/api_docs.html", what)


def _operations(made: JsonObject, base: str) -> Iterator[JsonObject]:
    for path, methods in sorted(made["paths"].items()):
        for method, said in methods.items():
            body = said.get("requestBody", {}).get("content", {}).get("application/json")
            sent = json.dumps(example(made, body["schema"]), indent=2) if body else ""
            yield {
                "id": said["operationId"],
                "method": method.upper(),
                "path": path,
                "text": said.get("description", ""),
                "parameters": said["parameters"],
                "sent": sent,
                "answers": [*_answers(made, said["responses"])],
                "curl": _curl(method.upper(), base, path, sent),
            }


def _answers(made: JsonObject, responses: JsonObject) -> Iterator[JsonObject]:
    for status, said in sorted(responses.items()):
        kinds = said.get("content", {})
        schema = kinds.get("application/json", {}).get("schema")
        shown = "" if schema is None or int(status) >= 400 else example(made, schema)
        yield {
            "status": status,
            "text": said["description"],
            "example": shown and json.dumps(shown, indent=2),
        }


def _curl(method: str, base: str, path: str, sent: str) -> str:
    """Return a curl command for the operation."""
    words = ["curl"] if path == "/health" else ["curl -H X-Studio-Gateway-Token:$TOKEN"]
    if method != "GET":
        words.append(f"-X {method}")
    if sent:
        words.append(f"-d '{json.dumps(json.loads(sent))}'")
    return " ".join([*words, base + path.format(**ANYWHERE)])


def example(made: JsonObject, schema: JsonObject, deep: int = DEEP) -> JsonValue:
    """Return an example value of the schema."""
    if deep < 0:
        return None
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return example(made, made["components"]["schemas"][name], deep)
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(made, schema["anyOf"][0], deep)
    match schema.get("type"):
        case "object" if "properties" in schema:
            inner = schema["properties"].items()
            found = {name: example(made, one, deep - 1) for name, one in inner}
            is_sent = schema.get("additionalProperties") is False
            return {k: v for k, v in found.items() if v is not None} if is_sent else found
        case "object":
            inside = schema.get("additionalProperties")
            return {"...": example(made, inside, deep - 1)} if isinstance(inside, dict) else {}
        case "array":
            return [example(made, schema["items"], deep - 1)] if "items" in schema else []
        case kind:
            return {"string": "...", "integer": 1, "number": 1.5, "boolean": True}.get(str(kind))
