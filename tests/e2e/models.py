"""Serve the APIs of model providers on the loopback interface, as a stand-in for tests.

It writes a file through any tool that the client offers: first wrong, then as the gate requires.
It knows the Messages API, the Responses API and Chat Completions, each as a stream.
"""

import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REPLY = "Status: DONE, the work is as it should be\nDeliverables:\n- work.txt\nQuestions:\n- None\n"
IN, OUT = 1000, 50  # tokens of each call
ASKED = "You are agent_"  # how every prompt begins
BUILDS, MENDS = "Round: R3_BUILD_A_INTEGRATE", "Failed gates (fix"
Call = tuple[str, dict[str, Any]]


def shell(line: str) -> dict[str, dict[str, Any]]:
    """The line as the arguments of each known tool that runs one."""
    said = {"command": line, "description": "Writes the file"}
    return {
        "Bash": said,
        "bash": said,
        "exec_command": {"cmd": line},
        "shell_command": {"command": line},
        "shell": {"command": ["bash", "-lc", line]},
        "run_shell_command": {**said, "is_background": False},
    }


def editor(folder: str, text: str) -> dict[str, dict[str, Any]]:
    """The same of tools that write a file."""
    path = f"{folder}/work.txt" if folder else "work.txt"
    return {
        "Write": {"file_path": path, "content": text},
        "write": {"filePath": path, "content": text},
        "write_file": {"file_path": path, "content": text},
    }


def act(prompt: str, tools: list[str], folder: str, *, done: bool) -> Call | None:
    """What the model does: a tool and its arguments, or None for its reply."""
    if done or not (MENDS in prompt or BUILDS in prompt):
        return None
    text = "right" if MENDS in prompt else "wrong"
    known = shell(f"echo {text} > work.txt")
    if text == "wrong" and folder:  # they want whole paths
        known = editor(folder, "wrong\n") | known
    return next(((name, known[name]) for name in known if name in tools), None)


def _new(kind: str) -> str:
    """An id that no other answer has: programs look results up by it, throughout a session."""
    return f"{kind}_{uuid.uuid4().hex}"


def _texts(content: Any) -> str:
    parts = content if isinstance(content, list) else [{"text": content or ""}]
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def _folder(text: str) -> str:
    names = r"(?:[Ww]orking directory|working in the directory)[^/\n]{0,20}"
    found = re.search(names + r"(/[^\s<\"\\]+)", text)
    return found[1] if found else ""


def decided(body: dict[str, Any], *, endless: bool = False) -> Call | None:
    """The next act in a conversation of any of the three kinds; ``endless``: it is never done."""
    items = body.get("messages") or body.get("input") or []
    last = max(
        (n for n, one in enumerate(items) if ASKED in _texts(one.get("content"))), default=-1
    )
    if last < 0:
        return None
    prompt = _texts(items[last].get("content"))
    whole = json.dumps(body)
    done = any(
        one.get("role") == "tool"
        or one.get("type") == "function_call_output"
        or "tool_result" in json.dumps(one.get("content", ""))
        for one in items[last + 1 :]
    )
    tools = [
        one.get("name") or one.get("function", {}).get("name", "") for one in body.get("tools", [])
    ]
    if endless:
        prompt, done = MENDS, False
    return act(prompt, tools, _folder(whole.replace("\\n", "\n")), done=done)


def messages(call: Call | None, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A stream of the Messages API."""
    usage = {"input_tokens": IN, "output_tokens": OUT}
    head: dict[str, Any] = {
        "id": _new("msg"),
        "type": "message",
        "role": "assistant",
        "model": model,
    }
    head |= {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
    yield "message_start", {"message": head}
    block: dict[str, Any] = {"type": "text", "text": ""}
    delta: dict[str, Any] = {"type": "text_delta", "text": REPLY}
    if call:
        block = {"type": "tool_use", "id": _new("toolu"), "name": call[0], "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
    yield "content_block_start", {"index": 0, "content_block": block}
    yield "content_block_delta", {"index": 0, "delta": delta}
    yield "content_block_stop", {"index": 0}
    stop = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    yield "message_delta", {"delta": stop, "usage": usage}
    yield "message_stop", {}


def responses(call: Call | None, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A stream of the Responses API."""
    text = {"type": "output_text", "text": REPLY, "annotations": []}
    item: dict[str, Any] = {
        "type": "message",
        "role": "assistant",
        "id": _new("m"),
        "content": [text],
    }
    if call:
        words = json.dumps(call[1])
        item = {"type": "function_call", "id": _new("f"), "call_id": _new("c"), "name": call[0],
                "arguments": words}  # fmt: skip
    usage: dict[str, Any] = {"input_tokens": IN, "output_tokens": OUT, "total_tokens": IN + OUT}
    usage |= {"input_tokens_details": {"cached_tokens": 0}}
    usage |= {"output_tokens_details": {"reasoning_tokens": 0}}
    whole = {"id": _new("r"), "object": "response", "model": model, "status": "completed"}
    yield "response.created", {"response": whole | {"status": "in_progress", "output": []}}
    yield "response.output_item.added", {"output_index": 0, "item": item}
    yield "response.output_item.done", {"output_index": 0, "item": item}
    yield "response.completed", {"response": whole | {"output": [item], "usage": usage}}


def chunks(call: Call | None, model: str) -> Iterator[dict[str, Any]]:
    """A stream of Chat Completions."""
    whole = {"id": _new("c"), "object": "chat.completion.chunk", "created": 1, "model": model}
    delta: dict[str, Any] = {"role": "assistant", "content": REPLY}
    if call:
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        one = {"index": 0, "id": _new("call"), "type": "function", "function": function}
        delta = {"role": "assistant", "content": None, "tool_calls": [one]}
    stop = "tool_calls" if call else "stop"
    usage = {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT}
    yield whole | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield whole | {"choices": [{"index": 0, "delta": {}, "finish_reason": stop}]}
    yield whole | {"choices": [], "usage": usage}


class Model(ThreadingHTTPServer):
    """The service. ``refuses`` is the status that it answers everything with, 0 for none;
    ``endless``: it never comes to its reply.
    """

    refuses = 0
    endless = False
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.calls: list[str] = []  # the paths of what it was asked

    @property
    def url(self) -> str:
        """Where it is, without a slash at its end."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request of a program."""

    server: Model

    def log_message(self, *_: Any) -> None:
        """Nothing: the test's output is for the test."""

    def do_HEAD(self) -> None:
        """It is there."""
        self._answer(200, "application/json", b"")

    def do_GET(self) -> None:
        """It is there."""
        self._answer(200, "application/json", b'{"data": [], "models": []}')

    def do_POST(self) -> None:
        """An answer of the model, or a refusal."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        self.server.calls.append(path)
        if self.server.refuses:
            kind = {401: "authentication_error", 429: "rate_limit_error"}[self.server.refuses]
            error = {"type": kind, "message": f"{kind} of the stand-in"}
            body = json.dumps({"type": "error", "error": error}).encode()
            return self._answer(self.server.refuses, "application/json", body)
        asked = json.loads(raw) if raw.startswith(b"{") else {}
        model = str(asked.get("model", "m"))
        if path.endswith("/count_tokens"):
            return self._answer(200, "application/json", b'{"input_tokens": 10}')
        call = decided(asked, endless=self.server.endless)
        if path.endswith("/messages"):
            return self._named(messages(call, model))
        if path.endswith("/responses"):
            return self._named(responses(call, model))
        if path.endswith("/chat/completions"):
            lines = [f"data: {json.dumps(one)}\n\n" for one in chunks(call, model)]
            body = "".join([*lines, "data: [DONE]\n\n"]).encode()
            return self._answer(200, "text/event-stream", body)
        return self._answer(404, "application/json", b"{}")

    def _named(self, events: Iterator[tuple[str, dict[str, Any]]]) -> None:
        told = [f"event: {n}\ndata: {json.dumps({'type': n, **data})}\n\n" for n, data in events]
        self._answer(200, "text/event-stream", "".join(told).encode())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def model() -> Iterator[Model]:
    """A service that answers while the test lasts."""
    with Model() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
